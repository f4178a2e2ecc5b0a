import assert from "node:assert/strict";
import { test } from "node:test";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { explainWhole } from "#access/explain.ts";
import type { Actor, FolderGrant, Question, Role } from "#access/question.ts";
import type { Change } from "#access/smallest-change.ts";
import { renderFolder } from "#access/folders.ts";
import { problem, type Because } from "#kernel/problem.ts";
import { ok, refuse } from "#kernel/result.ts";
import { decideAsWhom, type AsWhomFacts } from "#launch/rules/run-identity.ts";
import { decideWhere, type NodeTableEntry } from "#nodes/rules/node-table.ts";
import type { NodeTrust } from "#nodes/rules/node-trust.ts";
import { german as engineWords } from "#web/i18n/german/german.ts";
import { changeText } from "#web/i18n/german/changes.ts";
import { reasons, reasonText } from "#web/i18n/german/reasons.ts";
import type { Step } from "#web/i18n/told.ts";
import { sampleOrder } from "#test/fixtures/launch-order.ts";

const roleOf = (name: string, permissions: readonly string[], folders: readonly FolderGrant[] = [], controller = "default"): Role => ({
  id: `rol_${name}`,
  service: "LOCAL",
  name,
  scopes: [
    ...(controller === "default" ? [] : [{ controller: "default", permissions: [], folders: [] }]),
    {
      controller,
      permissions: permissions.map((text) => ({ permission: text.replace(/^-/, ""), denied: text.startsWith("-") })),
      folders,
    },
  ],
});
const ann = (...roles: readonly Role[]): Actor => ({ accessId: "user:test/acc_1", name: "ann", roles });

const stepOf = (change: Change): Step =>
  change.kind === "assign-role"
    ? { kind: change.kind, role: null, scope: null, entry: change.permission }
    : {
        kind: change.kind,
        role: change.role.name,
        scope: change.scope,
        entry:
          change.kind === "add-folder"
            ? renderFolder(change.path, change.recursive)
            : `${change.kind.endsWith("denial") ? "-" : ""}${change.permission}`,
      };

/** Rules of which some sentences are the engine's own, without facts. */
const withText: ReadonlySet<string> = new Set(["may.smallest-change", "as-whom.user-name", "as-whom.account"]);

/** Of the facts alone. */
const german = (reason: Because, steps: readonly Step[] | null = null): string => {
  const text = reasonText(withText.has(reason.rule) ? reason : { ...reason, text: "not to be read" }, steps);
  assert.ok(text !== null, `no German for ${reason.rule}: ${reason.text}`);
  assert.doesNotMatch(text, /undefined|null|NaN|\{\d\}|``/, text);
  return text;
};

/** Every name in a sentence of the engine stands in the German one, too. */
const namesIn = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");

const told = (question: Question, actor: Actor): readonly string[] => {
  const verdict = decide(question, compileAccess(actor));
  const { because, change } = explainWhole(question, actor);
  const steps = change.changes.map(stepOf);
  const lines = [german(verdict.because)];
  const visit = (reason: Because): void => {
    lines.push(german(reason, steps));
    for (const child of reason.children ?? []) visit(child);
  };
  visit(because);
  for (const name of namesIn(verdict.because.text)) assert.ok(lines[0]?.includes(name), `${lines[0]} does not name ${name}`);
  for (const step of steps) assert.ok(changeText(steps).includes(`\`${step.entry}\``));
  return lines;
};

const close: Question = { permission: "controller:runs:create", path: "/finance/close", controller: "main" };

test("4.6: a denial, its proof and what would flip it are told in German, of the facts alone", () => {
  assert.deepEqual(told(close, ann(roleOf("clerk", ["controller:runs"]), roleOf("freeze", ["-controller:runs:create"]))), [
    "Rolle `freeze` verbietet `controller:runs:create` für alle Controller",
    "`controller:runs:create` auf `/finance/close` (Controller `main`) ist verboten: Rolle `freeze` verbietet `controller:runs:create` für alle Controller",
    "`controller:runs:create` ist verboten für alle Controller und für Controller `main`: Ein Verbot in irgendeiner Rolle geht jeder Erlaubnis vor",
    "Rolle `freeze` verbietet `controller:runs:create` für alle Controller",
    "Rolle `clerk` erlaubt `controller:runs` für alle Controller",
    "Keine Rolle beschränkt die Ordner; jeder Ordner ist erreichbar",
    "Anders wäre es, wenn das Verbot `-controller:runs:create` aus der Rolle `freeze` für alle Controller entfernt würde; das kann ein Konto mit `manager:administration:accounts:manage`",
  ]);
});

test("4.6: whatever MAY answers is told in German, with every name of the engine's own sentence", () => {
  const everything = roleOf("all", ["manager", "controller"]);
  const sales = roleOf("sales", ["controller"], [{ path: "/sales", recursive: true }]);
  const near = roleOf(
    "near",
    ["controller"],
    [
      { path: "/finance/close/deep", recursive: true },
      { path: "/finance/other", recursive: true },
      { path: "/fin", recursive: true },
    ],
  );
  const flat = roleOf("flat", ["controller"], [{ path: "/finance", recursive: false }]);
  const north = roleOf("north", ["controller:runs:create"], [{ path: "/finance", recursive: true }], "north");
  const many = Array.from({ length: 9 }, (_, index) => roleOf(`many-${index}`, ["controller", "-controller:runs:create"]));
  const odd = roleOf("odd", ["controller:no-such-thing", "controller:runs:view"]);
  const actors = [
    ann(),
    ann(everything),
    ann(sales),
    ann(near, sales),
    ann(flat),
    ann(north),
    ann(north, sales),
    ann(...many),
    ann(odd),
    ann(sales, everything),
  ];
  const damaged = { ...ann(everything), roles: [{ ...everything, scopes: null as unknown as Role["scopes"] }] };
  const questions: readonly Question[] = [
    close,
    { permission: "controller:runs:create", path: "/sales/report" },
    { permission: "controller:runs:create", path: "/finance/eu/close" },
    { permission: "controller:runs:create" },
    { permission: "controller:runs:create", path: "/../x" },
    { permission: "controller:runs" },
    { permission: "manager:nodes:manage" },
    { permission: "manager:nodes:manage", path: "/x", controller: "north" },
  ];
  const lines = [...actors, damaged].flatMap((actor) => questions.flatMap((question) => told(question, actor)));
  for (const words of [
    /weitere Verbote/,
    /gilt nicht für Unterordner/,
    /liegt darunter/,
    /liegt daneben/,
    /beginnt nur mit denselben Buchstaben/,
    /nur für Controller `north`/,
    /steht nicht im Baum der Rechte/,
    /ist kein einzelnes Recht/,
    /ist kein Pfad/,
    /es ist keines genannt/,
    /Keine Rolle ist zugewiesen/,
    /Kein Zugriff auf den Ordner: \/finance\/close/,
    /lassen sich nicht lesen: Die Bereiche der Rolle `all` sind nicht lesbar/,
  ])
    assert.ok(
      lines.some((line) => words.test(line)),
      String(words),
    );
});

const trust: NodeTrust = {
  version: 1,
  node: { id: "nod_01", name: "ledger-1" },
  realm: { id: "rlm_01", name: "corp", epoch: 1 },
  rootKey: `${"A".repeat(42)}E`,
  rotationSerial: 0,
  issuers: [{ kid: "k1", key: `${"A".repeat(42)}E` }],
};

test("4.6: whatever WHERE answers is told in German", () => {
  const john = "user:corp/acc_john";
  const order = sampleOrder({ submitter: { accessId: john, name: "john", groups: [] }, requires: "operator" });
  const where = (entries: readonly NodeTableEntry[], given = order): string => {
    const { because } = decideWhere(given, trust, { version: 1, entries });
    const text = german(because);
    for (const name of namesIn(because.text)) assert.ok(text.includes(name), `${text} does not name ${name}`);
    return text;
  };
  assert.equal(
    where([]),
    "Der Job braucht die Rolle `operator` auf Knoten `ledger-1`, dessen Berechtigungstabelle noch niemandem eine Rolle gibt",
  );
  assert.match(where([{ subject: "user:corp/acc_2", roles: ["operator"] }]), /`john` \(`user:corp\/acc_john`\) keine gibt$/);
  assert.match(where([{ subject: john, roles: ["monitor", "auditor"] }]), /nur `monitor`, `auditor` gibt$/);
  assert.match(where([{ subject: john, roles: ["administrator"] }]), /die Rolle `administrator`, die `operator` einschließt$/);
  assert.match(where([{ subject: john, roles: ["operator"] }]), /gibt `user:corp\/acc_john` die Rolle `operator`$/);
  assert.match(
    where([], { ...order, realm: { ...order.realm, id: "rlm_02", name: "other" } }),
    /vertraut dem Realm `corp`, nicht `other`$/,
  );
  assert.match(
    where([], { ...order, node: { ...order.node, id: "nod_02", name: "ledger-2" } }),
    /gilt für Knoten `ledger-2`; dies ist `ledger-1`$/,
  );
  assert.match(where([], { ...order, submitter: { ...order.submitter, accessId: "user:other/acc_1" } }), /gehört nicht zum Realm `corp`/);
});

test("A46, 4.6: whatever AS WHOM answers is told in German", () => {
  const account = {
    user: "svc",
    uid: 1500,
    gid: 1500,
    groups: [1500],
    home: "/",
    shell: "/bin/sh",
    state: "usable",
    nologin: false,
  } as const;
  const entry = {
    key: "ledger",
    user: "svc",
    allow: { folders: ["/finance"], submitters: ["user:corp/acc_1"] },
    allowNologin: false,
    noNewPrivileges: false,
  };
  const policy = { version: 1, namedUids: [], defaultJobAccount: null, accounts: [], exclusive: "none" } as const;
  const facts: AsWhomFacts = {
    order: {
      as: { kind: "credential", key: "ledger", loadProfile: false },
      job: { path: "/finance/close", revision: 1, author: "user:corp/acc_9" },
      submitter: { accessId: "user:corp/acc_1", name: "john", groups: [] },
    },
    credentials: [entry],
    policy,
    heldRoles: ["operator"],
    account: ok(account),
    policyUids: new Map([["svc", 1500]]),
    minimumUid: 1000,
    partUids: [],
    nologinNotice: null,
  };
  const agent: AsWhomFacts["order"] = { ...facts.order, as: { kind: "agent" } };
  const cases: readonly (readonly [Partial<AsWhomFacts>, RegExp])[] = [
    [{}, /^Die Zugangsdaten `ledger` des Knotens nennen `svc` \(UID 1500\) und gelten für `\/finance` und `user:corp\/acc_1`$/],
    [{ order: agent, policy: { ...policy, defaultJobAccount: "svc" } }, /zum Konto für `as: agent`$/],
    [{ order: agent }, /kein Standard-Jobkonto/],
    [{ credentials: [] }, /keine Zugangsdaten namens `ledger`/],
    [{ credentials: [{ ...entry, allow: { ...entry.allow, folders: ["/sales"] } }] }, /gelten nicht für Jobs in `\/finance`/],
    [{ credentials: [{ ...entry, allow: { ...entry.allow, submitters: [] } }] }, /nicht für den Auftraggeber `user:corp\/acc_1`/],
    [{ credentials: [{ ...entry, user: "12" }] }, /besteht nur aus Ziffern/],
    [{ credentials: [{ ...entry, user: "CORP\\john" }] }, /^Nicht unterstütztes Zeichen im Benutzernamen/],
    [{ account: null }, /wurde nicht nachgeschlagen/],
    [
      { account: refuse(problem("launch.unknown-account", "the host has no account `svc`")) },
      /gibt es kein Konto `svc`, das die Zugangsdaten `ledger` nennen/,
    ],
    [
      { account: refuse(problem("launch.account-lookup-failed", "the account `svc` could not be looked up: no answer in time")) },
      /ließ sich nicht nachschlagen: keine Antwort/,
    ],
    [{ account: ok({ ...account, uid: 0 }) }, /läuft kein Job: Es ist root$/],
    [{ account: ok({ ...account, uid: 65_535 }) }, /steht für kein Konto$/],
    [{ account: ok({ ...account, uid: 33 }) }, /UIDs unter 1000 gehören dem System$/],
    [{ partUids: [1500] }, /läuft Behalf selbst$/],
    [{ policy: { ...policy, accounts: [{ user: "other", folders: ["/"], roles: ["operator"] }] } }, /Keine Regel nennt das Konto$/],
    [
      { policy: { ...policy, accounts: [{ user: "svc", folders: ["/sales"], roles: ["operator"] }] } },
      /Keine Regel nennt das Konto für `\/finance`$/,
    ],
    [
      { policy: { ...policy, accounts: [{ user: "svc", folders: ["/"], roles: ["auditor", "administrator"] }] } },
      /Sie verlangt die Rolle `auditor` oder `administrator` selbst, und der Auftraggeber hat nur `operator`$/,
    ],
    [{ account: ok({ ...account, state: "locked" }) }, /ist auf dem Knoten gesperrt$/],
    [{ account: ok({ ...account, state: "expired" }) }, /ist auf dem Knoten abgelaufen$/],
    [
      { account: ok({ ...account, nologin: true, shell: "/usr/sbin/nologin" }) },
      /hat die Shell `\/usr\/sbin\/nologin`, die keine Anmeldung erlaubt$/,
    ],
    [{ nologinNotice: "" }, /\/etc\/nologin ist vorhanden$/],
  ];
  const seen = new Set<string>();
  for (const [more, words] of cases) {
    const { verdict } = decideAsWhom({ ...facts, ...more });
    seen.add(verdict.because.rule);
    assert.match(german(verdict.because), words);
    // What to do about it is said in German as well.
    if (verdict.effect === "deny")
      assert.equal(typeof engineWords.hint(verdict.problem.code, verdict.problem.hint), "string", verdict.problem.hint);
  }
  assert.deepEqual(
    [...seen].toSorted(),
    Object.keys(reasons)
      .filter((rule) => rule.startsWith("as-whom."))
      .toSorted(),
  );
});

test("4.6: a verdict of an older version without its facts is shown as the engine said it, never with a hole", () => {
  for (const rule of ["where.token", "where.not-in-table", "as-whom.nologin", "who.session", "may.near-miss", "may.permission"])
    assert.equal(reasonText({ rule, text: "something that only an older version said" }, null), null);
  assert.equal(reasonText({ rule: "may.no-such-rule", text: "nothing known" }, null), null);
  assert.equal(reasonText({ rule: "constructor", text: "nothing known" }, null), null);
});

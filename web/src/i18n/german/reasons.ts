/**
 * The engine's reasons in German: a rule and its facts become a sentence. A sentence whose facts are missing, as in a verdict of an older version, is
 * none: then the engine's own text is shown. `test/arch/german.test.ts` holds these and the rules of the engine together.
 */
import { translated } from "#web/i18n/german/translated.ts";
import { changeText } from "#web/i18n/german/changes.ts";
import type { Reason, Step } from "#web/i18n/told.ts";

/** The facts of one reason; whoever asks for one that is not there gets no sentence. */
class Facts {
  readonly #facts: NonNullable<Reason["facts"]>;
  isMissing = false;
  readonly steps: readonly Step[] | null;
  readonly text: string;

  constructor({ facts, text }: Reason, steps: readonly Step[] | null) {
    this.#facts = facts ?? {};
    this.steps = steps;
    this.text = text;
  }

  /** The value itself; empty where it is null or not there. */
  plain(name: string): string {
    return String(this.#facts[name] ?? "");
  }

  has(name: string): boolean {
    return (this.#facts[name] ?? null) !== null;
  }

  number(name: string): number {
    const value = this.#facts[name];
    if (typeof value !== "number") this.isMissing = true;
    return Number(value);
  }

  /** As code. */
  code(name: string): string {
    const value = this.#facts[name] ?? null;
    if (value === null || value === "") this.isMissing = true;
    return `\`${String(value)}\``;
  }

  /** The words of a list, each as code. */
  codes(name: string): string {
    return this.code(name).replaceAll(" ", "`, `");
  }

  scope(name = "scope"): string {
    return this.plain(name) === "default" ? "für alle Controller" : `für Controller ${this.code(name)}`;
  }

  nothing(): string {
    this.isMissing = true;
    return "";
  }
}

type Sentence = (facts: Facts) => string;

const one = (words: Readonly<Record<string, Sentence>>, name: string): Sentence => {
  return (facts) => (words[facts.plain(name)] ?? ((other) => other.nothing()))(facts);
};

/** As the tree of reasons begins: what was asked, and what became of it. */
const asked = (facts: Facts, outcome: string, why: string): string => {
  if (!facts.has("actor")) return why;
  const place = facts.has("path") ? ` auf ${facts.code("path")}` : "";
  const controller = facts.has("controller") ? ` (Controller ${facts.code("controller")})` : "";
  return `${facts.code("asked")}${place}${controller} ist ${outcome}: ${why}`;
};

const grants: Sentence = (facts) => `Rolle ${facts.code("role")} erlaubt ${facts.code("permission")} ${facts.scope()}`;
const denies: Sentence = (facts) => `Rolle ${facts.code("role")} verbietet ${facts.code("permission")} ${facts.scope()}`;
const folder: Sentence = (facts) => `Ordner ${facts.code("folder")} der Rolle ${facts.code("role")} ${facts.scope()}`;
const person: Sentence = (facts) => `${facts.code("submitterName")} (${facts.code("submitter")})`;
const either = (codes: string): string => codes.replaceAll("`, `", "` oder `");
const needsRole: Sentence = (facts) =>
  `Der Job braucht die Rolle ${facts.code("requires")} auf Knoten ${facts.code("node")}, dessen Berechtigungstabelle`;
const account: Sentence = (facts) => `Konto ${facts.code("user")} (UID ${facts.plain("uid")})`;

const notGranted: Sentence = (facts) => {
  const roles = facts.has("roles") ? facts.number("roles") : null;
  if (roles === 0) return "Keine Rolle ist zugewiesen";
  if (facts.has("actor"))
    return roles === 1 ? "Die eine Rolle des Kontos erlaubt es nicht" : `Keine der ${facts.number("roles")} Rollen des Kontos erlaubt es`;
  return `Keine Rolle erlaubt hier ${facts.code("asked")}`;
};

const unreadable: Sentence = (facts) => {
  const why = translated(facts.plain("why"));
  return why === null ? facts.nothing() : `Die Rechte lassen sich nicht lesen: ${why}`;
};

const proofs: Readonly<Record<string, string>> = { pwd: "mit Kennwort" };
const proof: Sentence = (facts) =>
  facts
    .plain("proof")
    .split(" ")
    .map((one) => proofs[one] ?? `mit \`${one}\``)
    .join(" und ");

const forEverybody = (facts: Facts): string =>
  facts.has("controller") ? `für alle Controller und für Controller ${facts.code("controller")}` : "für alle Controller";

/** By rule. Of rules that are not here the engine's text is shown. */
export const reasons: Readonly<Record<string, Sentence>> = {
  "may.granted": (facts) => {
    if (facts.has("actor")) return asked(facts, "erlaubt", grants(facts));
    const rest = facts.has("folder")
      ? `Ordner ${facts.code("folder")} der Rolle ${facts.code("folderRole")} ${facts.scope("folderScope")} enthält das Objekt`
      : "die Ordner sind nicht beschränkt";
    return `${grants(facts)}; ${rest}`;
  },
  "may.denied": (facts) => asked(facts, "verboten", denies(facts)),
  "may.not-granted": (facts) => asked(facts, "nicht erlaubt", notGranted(facts)),
  "may.folder": (facts) => asked(facts, "nicht erlaubt", `Kein Zugriff auf den Ordner: ${facts.plain("path")} (${facts.code("asked")})`),
  "may.folder-missing": (facts) => `${facts.code("asked")} betrifft ein Objekt in einem Ordner, und es ist keines genannt`,
  "may.folder-malformed": (facts) => `${facts.code("path")} ist kein Pfad`,
  "may.unknown-permission": (facts) => `${facts.code("asked")} ist kein einzelnes Recht des Baums`,
  "may.policy-unreadable": unreadable,

  "may.permission": (facts) =>
    facts.number("denials") > 0
      ? `${facts.code("asked")} ist verboten ${forEverybody(facts)}: Ein Verbot in irgendeiner Rolle geht jeder Erlaubnis vor`
      : facts.number("grants") > 0
        ? `${facts.code("asked")} ist erlaubt ${forEverybody(facts)}, und nichts verbietet es`
        : `Nichts erlaubt ${facts.code("asked")} ${forEverybody(facts)}`,
  "may.grant": grants,
  "may.denial": denies,
  "may.folders": one(
    {
      "no-object": () => "Gefragt ist nach keinem Objekt; auf Ordner kommt es nicht an",
      "none-named": () => "Es ist kein Objekt genannt",
      unlimited: () => "Keine Rolle beschränkt die Ordner; jeder Ordner ist erreichbar",
      held: (facts) => `${facts.code("path")} liegt in einem Ordner der Rollen`,
      outside: (facts) =>
        facts.number("count") === 1
          ? `${facts.code("path")} liegt nicht in dem einen Ordner, auf den die Rollen dieses Konto beschränken`
          : `${facts.code("path")} liegt in keinem der ${facts.number("count")} Ordner, auf die die Rollen dieses Konto beschränken`,
    },
    "why",
  ),
  "may.folder-entry": (facts) => `${folder(facts)} enthält das Objekt`,
  "may.near-misses": () => "Was beinahe anders entschieden hätte",
  "may.near-miss": one(
    {
      "not-in-tree": (facts) =>
        `Rolle ${facts.code("role")} hat ${facts.code("permission")}; das steht nicht im Baum der Rechte und erlaubt nichts`,
      other: (facts) => `Rolle ${facts.code("role")} erlaubt ${facts.code("permission")}; ${facts.code("asked")} gehört nicht dazu`,
      elsewhere: (facts) => `Rolle ${facts.code("role")} erlaubt ${facts.code("permission")} nur ${facts.scope()}`,
      "denied-elsewhere": (facts) => `Rolle ${facts.code("role")} verbietet ${facts.code("permission")} nur ${facts.scope()}`,
      "not-recursive": (facts) => `${folder(facts)} gilt nicht für Unterordner`,
      "same-letters": (facts) => `${folder(facts)} beginnt nur mit denselben Buchstaben`,
      below: (facts) => `${folder(facts)} liegt darunter`,
      beside: (facts) => `${folder(facts)} liegt daneben`,
      replaced: (facts) => `${folder(facts)} wird durch den eigenen Eintrag des Controllers für diesen Ordner ersetzt`,
      "other-controller": (facts) => `${folder(facts)} gilt nur für diesen Controller`,
    },
    "why",
  ),
  "may.more": one(
    {
      denials: (facts) => `und ${facts.number("count")} weitere Verbote`,
      grants: (facts) => `und ${facts.number("count")} weitere Erlaubnisse`,
      folders: (facts) => `und ${facts.number("count")} weitere Ordner`,
      "near misses": (facts) => `und ${facts.number("count")} weitere, die beinahe entschieden hätten`,
    },
    "what",
  ),
  "may.not-told": (facts) =>
    facts.number("count") === 1
      ? "und ein Ordner, von dem Sie nicht wissen dürfen"
      : `und ${facts.number("count")} Ordner, von denen Sie nicht wissen dürfen`,
  "may.smallest-change": (facts) => {
    if (facts.steps === null || facts.steps.length === 0) return translated(facts.text.split(";")[0] ?? "") ?? facts.nothing();
    const who = facts.plain("byActor") === "true" ? "dieses Konto selbst" : `ein Konto mit ${facts.code("needs")}`;
    return `Anders wäre es, wenn ${changeText(facts.steps)}; das kann ${who}`;
  },

  "who.session": (facts) => `${facts.code("name")} des Dienstes ${facts.code("service")}, ausgewiesen ${proof(facts)}`,
  "who.os": (facts) =>
    `${facts.code("name")} des Dienstes ${facts.code("service")}, ausgewiesen durch das Betriebssystem am lokalen Socket`,
  "who.known": (facts) => `${facts.code("name")} ist dem Dienst ${facts.code("service")} heute bekannt`,
  "who.unknown": (facts) =>
    facts.has("name") ? `${facts.code("name")} ist heute unbekannt oder gesperrt` : (translated(facts.text) ?? facts.nothing()),
  "who.disabled": (facts) => `${facts.code("name")} ist gesperrt und darf nichts`,

  "where.token": (facts) =>
    `Realm ${facts.code("realmName")} hat diesen Lauf für Knoten ${facts.code("nodeName")} angeordnet, und das Token ist gültig`,
  "where.table": (facts) => {
    const includes = facts.plain("role") === facts.plain("requires") ? "" : `, die ${facts.code("requires")} einschließt`;
    return `Die Berechtigungstabelle des Knotens ${facts.code("node")} gibt ${facts.code("subject")} die Rolle ${facts.code("role")}${includes}`;
  },
  "where.closed-table": (facts) => `${needsRole(facts)} noch niemandem eine Rolle gibt`,
  "where.not-in-table": (facts) => `${needsRole(facts)} ${person(facts)} keine gibt`,
  "where.role-missing": (facts) => `${needsRole(facts)} ${person(facts)} nur ${facts.codes("held")} gibt`,
  "where.foreign-realm": (facts) =>
    facts.has("realmName")
      ? `Knoten ${facts.code("node")} vertraut dem Realm ${facts.code("trustedRealmName")}, nicht ${facts.code("realmName")}`
      : `${person(facts)} gehört nicht zum Realm ${facts.code("trustedRealmName")}, dem Knoten ${facts.code("node")} vertraut`,
  "where.foreign-node": (facts) => `Der Startauftrag gilt für Knoten ${facts.code("orderNodeName")}; dies ist ${facts.code("node")}`,

  "as-whom.agent": (facts) =>
    `Die Richtlinie des Knotens macht ${facts.code("user")} (UID ${facts.number("uid")}) zum Konto für \`as: agent\``,
  "as-whom.credential": (facts) =>
    `Die Zugangsdaten ${facts.code("key")} des Knotens nennen ${facts.code("user")} (UID ${facts.number("uid")}) und gelten für ${facts.code("folder")} und ${facts.code("submitter")}`,
  "as-whom.no-default-account": () => "Dieser Knoten hat kein Standard-Jobkonto für `as: agent`",
  "as-whom.no-such-key": (facts) => `Der Knoten hat keine Zugangsdaten namens ${facts.code("key")}`,
  "as-whom.folder": (facts) => `Die Zugangsdaten ${facts.code("key")} gelten nicht für Jobs in ${facts.code("folder")}`,
  "as-whom.submitter": (facts) => `Die Zugangsdaten ${facts.code("key")} gelten nicht für den Auftraggeber ${facts.code("submitter")}`,
  "as-whom.user-name": (facts) => translated(facts.text) ?? facts.nothing(),
  "as-whom.account": (facts) => {
    if (facts.plain("code") !== "launch.unknown-account") return translated(facts.text) ?? facts.nothing();
    const named = facts.has("key") ? `das die Zugangsdaten ${facts.code("key")} nennen` : "das Standard-Jobkonto des Knotens";
    return `Auf dem Knoten gibt es kein Konto ${facts.code("user")}, ${named}`;
  },
  "as-whom.system-account": (facts) => {
    const uid = facts.number("uid");
    const why =
      uid === 0
        ? "Es ist root"
        : uid === 65_535 || uid === 4_294_967_295
          ? "Diese Nummer steht für kein Konto"
          : `UIDs unter ${facts.number("minimumUid")} gehören dem System`;
    return `Unter ${account(facts)} läuft kein Job: ${why}`;
  },
  "as-whom.own-account": (facts) => `Unter ${account(facts)} läuft Behalf selbst`,
  "as-whom.policy-account": one(
    {
      "no-rule": (facts) => `Die Richtlinie des Knotens verbietet ${account(facts)} hier: Keine Regel nennt das Konto`,
      "other-folder": (facts) =>
        `Die Richtlinie des Knotens verbietet ${account(facts)} hier: Keine Regel nennt das Konto für ${facts.code("folder")}`,
      "no-role": (facts) => `Die Richtlinie des Knotens verbietet ${account(facts)} hier: Ihre Regel nennt keine Rolle`,
      role: (facts) => {
        const held = facts.has("held") && facts.plain("held") !== "" ? `nur ${either(facts.codes("held"))}` : "keine";
        return `Die Richtlinie des Knotens verbietet ${account(facts)} hier: Sie verlangt die Rolle ${either(facts.codes("asked"))} selbst, und der Auftraggeber hat ${held}`;
      },
    },
    "why",
  ),
  "as-whom.locked": (facts) => `${account(facts)} ist auf dem Knoten gesperrt`,
  "as-whom.expired": (facts) => `${account(facts)} ist auf dem Knoten abgelaufen`,
  "as-whom.nologin": (facts) => `${account(facts)} hat die Shell ${facts.code("shell")}, die keine Anmeldung erlaubt`,
  "as-whom.node-nologin": () => "Der Knoten nimmt keine neuen Sitzungen an: /etc/nologin ist vorhanden",
};

/** Null: not in German. */
export const reasonText = (reason: Reason, steps: readonly Step[] | null): string | null => {
  const sentence = Object.hasOwn(reasons, reason.rule) ? reasons[reason.rule] : undefined;
  // A token or a file of the node that was not believed: `where.delegation.expired`.
  if (sentence === undefined) return translated(reason.text);
  const facts = new Facts(reason, steps);
  const text = sentence(facts);
  return facts.isMissing ? translated(reason.text) : text;
};

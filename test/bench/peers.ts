/**
 * `npm run bench:peers`: the same policy and the same questions through casbin, CASL, Cedar and `decide`. The peers are installed into a
 * temporary folder and are no part of the product. Before anything is timed, every answer of a peer must be ours.
 *
 * The policy is one that each of them can say in its own way: 200 roles, of which 150 grant and deny (20 entries each, a quarter of them
 * branches of the tree) and 50 limit to 10 folders; 1,000 accounts with four of the former and one of the latter. What is prepared
 * once (an ability for each account, parsed policies, entities) is not timed; each peer has it as prepared as its interface allows.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { covers, permissionNodes } from "#access/permissions.ts";
import type { Actor, FolderGrant, Role } from "#access/question.ts";
import { actorOf, asStored, folderName, grantsOf, leaves, pick, rateOf, sequence } from "#test/bench/decide.ts";

const versions = { casbin: "5.51.1", "@casl/ability": "7.0.1", "@cedar-policy/cedar-wasm": "4.13.0" } as const;
type PeerName = keyof typeof versions;

interface Asked {
  readonly actor: number;
  readonly permission: string;
  readonly path: string;
}

interface Policy {
  readonly roles: readonly Role[];
  readonly actors: readonly Actor[];
  readonly questions: readonly Asked[];
}

/** Answers the question with this number. */
type Ask = (question: number) => boolean;

const foldersOf = (actor: Actor): readonly string[] =>
  actor.roles.flatMap((role) => role.scopes.flatMap((scope) => scope.folders.map((folder) => folder.path)));

const grantsOfActor = (actor: Actor) => actor.roles.flatMap((role) => role.scopes.flatMap((scope) => scope.permissions));

const makePolicy = (): Policy => {
  const next = sequence(5);
  const scopeOf = (permissions: Role["scopes"][number]["permissions"], folders: readonly FolderGrant[]): Role["scopes"] => [
    { controller: "default", permissions, folders },
  ];
  const granting = Array.from({ length: 150 }, (_, index): Role => ({
    id: `rol_${index}`,
    service: "LOCAL",
    name: `role-${index}`,
    scopes: scopeOf(grantsOf(next, 20), []),
  }));
  const limiting = Array.from({ length: 50 }, (_, index): Role => ({
    id: `rol_f${index}`,
    service: "LOCAL",
    name: `folders-${index}`,
    scopes: scopeOf(
      [],
      Array.from({ length: 10 }, () => ({ path: folderName(next(500)), recursive: true })),
    ),
  }));
  const roles = asStored([...granting, ...limiting]);
  const actors = Array.from({ length: 1000 }, (_, index) =>
    actorOf(
      index,
      [...Array.from({ length: 4 }, () => next(150)), 150 + next(50)].flatMap((at) => roles[at] ?? []),
    ),
  );
  const questions = Array.from({ length: 2000 }, (_, index): Asked => {
    const actor = index % actors.length;
    const isOwn = next(3) !== 0;
    const own = actors[actor];
    const folder = isOwn && own !== undefined ? pick(next, foldersOf(own)) : folderName(next(500));
    const granted = own === undefined ? [] : grantsOfActor(own).filter((grant) => !grant.denied);
    const held = leaves.filter((leaf) => granted.some((grant) => covers(grant.permission, leaf)));
    return { actor, permission: pick(next, isOwn ? held : leaves), path: `${folder}/job-${index % 100}` };
  });
  return { roles, actors, questions: asStored(questions) };
};

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

const askOurs = ({ actors, questions }: Policy): Ask => {
  const accesses = actors.map((actor) => compileAccess(actor));
  return (at) => {
    const asked = questions[at];
    const access = asked === undefined ? undefined : accesses[asked.actor];
    return asked !== undefined && access !== undefined && decide(asked, access).effect === "permit";
  };
};

interface Casbin {
  newModel(text: string): unknown;
  newEnforcer(model: unknown): Promise<{
    addFunction(name: string, body: (...given: string[]) => boolean): Promise<void>;
    addPolicies(lines: string[][]): Promise<boolean>;
    addGroupingPolicies(lines: string[][]): Promise<boolean>;
    enforceSync(...request: string[]): boolean;
  }>;
}

const casbinModel = `
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, act, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && covers(p.act, r.act) && inFolders(r.sub, r.obj)
`;

const askCasbin = async (casbin: Casbin, { roles, actors, questions }: Policy): Promise<Ask> => {
  const enforcer = await casbin.newEnforcer(casbin.newModel(casbinModel));
  const folders = new Map(actors.map((actor) => [actor.accessId, foldersOf(actor)]));
  await enforcer.addFunction("covers", (held, asked) => covers(held ?? "", asked ?? ""));
  await enforcer.addFunction("inFolders", (who, path) => (folders.get(who ?? "") ?? []).some((folder) => isIn(path ?? "", folder)));
  const lines = roles.flatMap((role) =>
    role.scopes.flatMap((scope) => scope.permissions.map((grant) => [role.name, grant.permission, grant.denied ? "deny" : "allow"])),
  );
  await enforcer.addPolicies([...new Map(lines.map((line) => [line.join(" "), line])).values()]);
  const groups = actors.flatMap((actor) => [...new Set(actor.roles.map((role) => role.name))].map((name) => [actor.accessId, name]));
  await enforcer.addGroupingPolicies(groups);
  return (at) => {
    const asked = questions[at];
    const actor = actors[asked?.actor ?? -1];
    return asked !== undefined && actor !== undefined && enforcer.enforceSync(actor.accessId, asked.path, asked.permission);
  };
};

interface Casl {
  createMongoAbility(rules: readonly object[]): { can(action: string, subject: unknown): boolean };
  subject(type: string, object: object): unknown;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

const askCasl = ({ createMongoAbility, subject }: Casl, { actors, questions }: Policy): Ask => {
  const abilities = actors.map((actor) => {
    const inFolders = new RegExp(`^(?:${foldersOf(actor).map(escaped).join("|")})(?:/|$)`, "u");
    const actionsOf = (denied: boolean): string[] =>
      leaves.filter((leaf) => grantsOfActor(actor).some((grant) => grant.denied === denied && covers(grant.permission, leaf)));
    const allowed = { action: actionsOf(false), subject: "job", conditions: { path: { $regex: inFolders } } };
    const denied = { action: actionsOf(true), subject: "job", inverted: true };
    // The last rule that matches wins.
    return createMongoAbility([allowed, denied].filter((rule) => rule.action.length > 0));
  });
  return (at) => {
    const asked = questions[at];
    const ability = abilities[asked?.actor ?? -1];
    return asked !== undefined && ability !== undefined && ability.can(asked.permission, subject("job", { path: asked.path }));
  };
};

interface Cedar {
  preparsePolicySet(id: string, policies: { staticPolicies: string }): { type: string };
  statefulIsAuthorized(call: object): { type: string; response?: { decision: string } };
}

const askCedar = (cedar: Cedar, { roles, actors, questions }: Policy): Ask => {
  const uid = (type: string, id: string): { type: string; id: string } => ({ type, id });
  const quoted = (text: string): string => JSON.stringify(text);
  const policies = roles.flatMap((role) =>
    role.scopes.flatMap((scope) =>
      scope.permissions.map(({ permission, denied }) => {
        const head = `(principal in Role::${quoted(role.name)}, action in Action::${quoted(permission)}, resource)`;
        return denied ? `forbid ${head};` : `permit ${head} when { resource in principal.folders };`;
      }),
    ),
  );
  const parsed = cedar.preparsePolicySet("policy", { staticPolicies: policies.join("\n") });
  if (parsed.type !== "success") throw new Error(`cedar does not read the policy: ${JSON.stringify(parsed).slice(0, 500)}`);
  const branchesOf = (permission: string): string[] =>
    permissionNodes.map((node) => node.permission).filter((name) => name !== permission && covers(name, permission));
  const foldersAbove = (path: string): string[] => {
    const segments = path.split("/");
    return segments.slice(2).map((_, index) => segments.slice(0, index + 2).join("/"));
  };
  const calls = questions.map(({ actor: at, permission, path }) => {
    const actor = actors[at];
    const folders = actor === undefined ? [] : foldersOf(actor);
    const principal = uid("Account", actor?.accessId ?? "");
    const action = uid("Action", permission);
    const resource = uid("Job", path);
    return {
      principal,
      action,
      resource,
      context: {},
      preparsedPolicySetId: "policy",
      entities: [
        {
          uid: principal,
          attrs: { folders: folders.map((folder) => ({ __entity: uid("Folder", folder) })) },
          parents: [...new Set(actor?.roles.map((role) => role.name))].map((name) => uid("Role", name)),
        },
        { uid: action, attrs: {}, parents: branchesOf(permission).map((name) => uid("Action", name)) },
        { uid: resource, attrs: {}, parents: foldersAbove(path).map((folder) => uid("Folder", folder)) },
      ],
    };
  });
  return (at) => {
    const answer = cedar.statefulIsAuthorized(calls[at] ?? {});
    if (answer.type !== "success") throw new Error(`cedar does not answer: ${JSON.stringify(answer).slice(0, 500)}`);
    return answer.response?.decision === "allow";
  };
};

const install = (folder: string): NodeJS.Require => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true, dependencies: versions })}\n`);
  const done = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (done.status !== 0) throw new Error(`npm could not install the peers: ${done.stderr.trim().split("\n")[0] ?? ""}`);
  return createRequire(join(folder, "package.json"));
};

const run = async (folder: string): Promise<void> => {
  process.stderr.write(
    `bench: installing ${Object.entries(versions)
      .map((pair) => pair.join("@"))
      .join(", ")} into ${folder}\n`,
  );
  const load = install(folder);
  const policy = makePolicy();
  const ours = askOurs(policy);
  const expected = policy.questions.map((_, at) => ours(at));
  const peers: readonly (readonly [PeerName, Ask, questions: number])[] = [
    ["casbin", await askCasbin(load("casbin") as Casbin, policy), 200],
    ["@casl/ability", askCasl(load("@casl/ability") as Casl, policy), policy.questions.length],
    ["@cedar-policy/cedar-wasm", askCedar(load("@cedar-policy/cedar-wasm/nodejs") as Cedar, policy), policy.questions.length],
  ];
  for (const [name, ask, questions] of peers)
    for (let at = 0; at < questions; at += 1)
      if (ask(at) !== expected[at])
        throw new Error(`${name} answers otherwise: ${JSON.stringify(policy.questions[at])}, ours ${String(expected[at])}`);
  const permits = expected.filter(Boolean).length;
  console.log(
    `${policy.roles.length} roles, ${policy.actors.length} accounts, ${policy.questions.length} questions, ${Math.round((permits * 100) / expected.length)} % permits; all answers agree`,
  );
  const rateOfAsk = (ask: Ask, perRound: number): number => {
    let at = 0;
    return rateOf(() => {
      for (let count = 0; count < perRound; count += 1) {
        ask(at);
        at = at + 1 === policy.questions.length ? 0 : at + 1;
      }
      return perRound;
    });
  };
  const own = rateOfAsk(ours, policy.questions.length);
  const show = (name: string, rate: number): void =>
    console.log(`${name.padEnd(34)} ${rate.toLocaleString("en").padStart(12)}/s  decide is ${(own / rate).toFixed(1)} times as fast`);
  console.log(`${"decide".padEnd(34)} ${own.toLocaleString("en").padStart(12)}/s`);
  for (const [name, ask] of peers) show(`${name} ${versions[name]}`, rateOfAsk(ask, name === "casbin" ? 1 : 100));
};

const folder = mkdtempSync(join(tmpdir(), "behalf-peers-"));
try {
  await run(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

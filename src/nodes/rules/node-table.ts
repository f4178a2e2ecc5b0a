/**
 * WHERE: whether the node's own authorization table lets a submitter's order run here (B12, B13). Pure: the order is verified already, trust and table are
 * the node's own files. What does not belong here: tokens (`proof`), accounts (`launch`).
 */
import type { Verdict } from "#access/verdict.ts";
import { list, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import { problem, type Because } from "#kernel/problem.ts";
import type { Result } from "#kernel/result.ts";
import { shellWord } from "#kernel/shell-word.ts";
import type { LaunchOrder, NodeRole } from "#proof/launch-order.ts";
import { roleIncludes } from "#nodes/rules/node-roles.ts";
import type { NodeTrust } from "#nodes/rules/node-trust.ts";

/** The node's own authorization table (B12, B13): starts closed. */
export interface NodeTable {
  readonly version: 1;
  readonly entries: readonly NodeTableEntry[];
}

export interface NodeTableEntry {
  /** Access ID, `group:<name>` or `authenticated`. */
  readonly subject: string;
  readonly roles: readonly NodeRole[];
}

/** A table that lets nobody in (S6). */
export const closedTable: NodeTable = { version: 1, entries: [] };

/** How a table names whom it lets in. */
export const nodeSubject = text({
  min: 1,
  max: 512,
  // oxlint-disable-next-line no-control-regex
  pattern: /^(?:authenticated|os:\d{1,10}|user:[^\s/]+\/\S+|group:[^\u0000-\u001f\u007f-\u009f]+)$/,
  expected: "an access ID (`user:realm/id`, `os:1000`), `group:NAME` or `authenticated`",
});
export const nodeRole = oneOf("monitor", "configurator", "operator", "administrator", "auditor");

export const nodeTableShape: Shape<NodeTable> = object({
  version: oneOf(1),
  entries: list(object({ subject: nodeSubject, roles: list(nodeRole, 5) }), 100_000),
});

/** Reads a table strictly. */
export const readNodeTable = (value: unknown): Result<NodeTable> => readShape(nodeTableShape, value, "the node table");

/** The literal question, as every surface shows it. */
export const whereQuestion = (asked: {
  readonly submitter: string;
  readonly job: string;
  readonly node: string;
  readonly requires: NodeRole;
}): string => `may \`${asked.submitter}\` run \`${asked.job}\` on \`${asked.node}\` as \`${asked.requires}\``;

const deny = (code: "nodes.foreign-realm" | "nodes.foreign-order" | "nodes.role-missing", because: Because, hint?: string): Verdict => ({
  effect: "deny",
  problem: problem(code, because.text, { because, ...(hint === undefined ? {} : { hint }) }),
  because,
});

/** Realm of an access ID; null for `os:<uid>`, which is an account of the manager's host and so of the manager's realm. Undefined: not an access ID. */
const realmOf = (accessId: string): string | null | undefined => {
  if (/^os:\d{1,10}$/.test(accessId)) return null;
  return /^user:([^\s/]+)\/\S+$/.exec(accessId)?.[1];
};

type Submitter = Pick<LaunchOrder["submitter"], "accessId" | "name" | "groups">;

const whoWords = ({ name, accessId }: Submitter): string => `\`${name}\` (\`${accessId}\`)`;

/**
 * Whether a table gives a submitter of the node's realm the role that a job requires. The verdict names the entry that decided. The node decides by
 * its own table when an order is there; asked elsewhere, of a table that was told, it is a forecast.
 */
export const decideByTable = (
  { node, submitter, requires }: { readonly node: string; readonly submitter: Submitter; readonly requires: NodeRole },
  table: NodeTable,
): Verdict => {
  const who = whoWords(submitter);
  const asked = { node, submitter: submitter.accessId, submitterName: submitter.name, requires };
  const groups = new Set(submitter.groups.map((name) => `group:${name}`));
  const mine = table.entries.filter(
    (entry) => entry.subject === submitter.accessId || entry.subject === "authenticated" || groups.has(entry.subject),
  );
  for (const entry of mine) {
    const granting = entry.roles.find((held) => roleIncludes(held, requires));
    if (granting === undefined) continue;
    return {
      effect: "permit",
      obligations: [],
      because: {
        rule: "where.table",
        text:
          granting === requires
            ? `the table of node \`${node}\` gives \`${entry.subject}\` the role \`${granting}\``
            : `the table of node \`${node}\` gives \`${entry.subject}\` the role \`${granting}\`, which includes \`${requires}\``,
        facts: { ...asked, subject: entry.subject, role: granting },
      },
    };
  }

  const hint = `on the node: behalf node table grant ${shellWord(submitter.accessId)} ${requires}`;
  const held = [...new Set(mine.flatMap((entry) => entry.roles))];
  if (held.length === 0)
    return deny(
      "nodes.role-missing",
      {
        rule: table.entries.length === 0 ? "where.closed-table" : "where.not-in-table",
        text:
          table.entries.length === 0
            ? `the job needs the role \`${requires}\` on node \`${node}\`, whose table gives nobody a role yet`
            : `the job needs the role \`${requires}\` on node \`${node}\`, whose table gives ${who} none`,
        facts: { ...asked, entries: table.entries.length },
      },
      hint,
    );
  return deny(
    "nodes.role-missing",
    {
      rule: "where.role-missing",
      text: `the job needs the role \`${requires}\` on node \`${node}\`, whose table gives ${who} only ${held.map((one) => `\`${one}\``).join(", ")}`,
      facts: { ...asked, held: held.join(" "), subjects: mine.map((entry) => entry.subject).join(" ") },
    },
    hint,
  );
};

/** Decides by the node's trust and table whether the order's submitter holds the role that the order requires. The verdict names the entry that decided. */
export const decideWhere = (order: LaunchOrder, trust: NodeTrust, table: NodeTable): Verdict => {
  const { submitter, requires } = order;
  const asked = { node: trust.node.name, submitter: submitter.accessId, submitterName: submitter.name, requires };

  if (order.realm.id !== trust.realm.id)
    return deny("nodes.foreign-realm", {
      rule: "where.foreign-realm",
      text: `node \`${trust.node.name}\` trusts realm \`${trust.realm.name}\`, not \`${order.realm.name}\``,
      facts: {
        ...asked,
        realm: order.realm.id,
        realmName: order.realm.name,
        trustedRealm: trust.realm.id,
        trustedRealmName: trust.realm.name,
      },
    });
  if (order.node.id !== trust.node.id)
    return deny("nodes.foreign-order", {
      rule: "where.foreign-node",
      text: `the order is for node \`${order.node.name}\`, this is \`${trust.node.name}\``,
      facts: { ...asked, orderNode: order.node.id, orderNodeName: order.node.name },
    });
  const realm = realmOf(submitter.accessId);
  if (realm === undefined || (realm !== null && realm !== trust.realm.name))
    // B24: an identity of another realm means nothing here, even where its name or group is the same (B14).
    return deny("nodes.foreign-realm", {
      rule: "where.foreign-realm",
      text: `${whoWords(submitter)} is not of realm \`${trust.realm.name}\`, which node \`${trust.node.name}\` trusts`,
      facts: { ...asked, trustedRealm: trust.realm.id, trustedRealmName: trust.realm.name },
    });
  return decideByTable({ node: trust.node.name, submitter, requires }, table);
};

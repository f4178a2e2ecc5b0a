/** Nodes: who they are, how they are, inviting and revoking. What a node allows is its own matter and is changed there. */
import { z } from "zod";
import type { Controller } from "#controller/open-controller.ts";
import { fail } from "#kernel/problem.ts";
import type { NodeFacts } from "#link/messages.ts";
import type { NodeRecord } from "#nodes/node-store.ts";
import { count, instant, isoOf, isoOrNull, line, pageOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

const factsSchema = z
  .object({
    launcherAccount: z.string(),
    agentAccount: z.string(),
    defaultJobAccount: z.string().nullable().describe("for `as: agent`; null: refused there"),
    switching: z.enum(["setpriv", "sudo"]),
    tree: z.enum(["cgroup", "group", "sudo"]).describe("how a run's processes are held and killed"),
    separation: z.enum(["none", "accounts"]),
    policy: z
      .object({
        namedUids: z.array(z.int()).describe("allowed although the system made them"),
        accounts: z
          .array(z.object({ user: z.string(), folders: z.array(z.string()), roles: z.array(z.string()) }))
          .describe("which accounts may be used for jobs of which folders, ordered by whom; empty: no account is limited so"),
        exclusive: z.enum(["none", "submitter"]).describe("`submitter`: runs of one submitter at a time as one account"),
        isCut: z.boolean().describe("some of it is too long to be told"),
      })
      .nullable()
      .describe("kept and changed on the node alone; null: not reported, or not readable there"),
    credentialKeys: z.array(z.string()).describe("names only: values never leave the node"),
    unusableKeys: z
      .array(z.object({ key: z.string(), code: z.string() }))
      .nullable()
      .describe("those that no run could use at present, with the code of the problem; null: not reported"),
    journalId: z.string(),
    rotationSerial: z.int().nullable().describe("of the last announcement of the realm's signing keys that it took; null: not reported"),
    version: z.string(),
    platform: z.string(),
    warnings: z.array(z.string()),
  })
  .meta({ id: "NodeFacts" });

const nodeSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(["active", "revoked"]),
    online: z.boolean(),
    launcherReachable: z.boolean().describe("false: the agent is there, its launcher is not"),
    runsInFlight: z.int(),
    labels: z.record(z.string(), z.string()),
    facts: factsSchema.nullable().describe("as last reported; null: it never connected"),
    keyThumbprint: z.string(),
    certificateFingerprint: z.string(),
    joinedAt: instant,
    lastSeenAt: instant.nullable(),
  })
  .meta({ id: "Node" });

/** Without the table, which names accounts and has a route of its own (`node-table.ts`). */
const factsJson = ({ table: _table, policy, unusableKeys, ...facts }: NodeFacts): z.input<typeof factsSchema> => ({
  ...facts,
  rotationSerial: facts.rotationSerial ?? null,
  policy:
    policy === undefined || policy === null
      ? null
      : {
          ...policy,
          namedUids: [...policy.namedUids],
          accounts: policy.accounts.map(({ user, folders, roles }) => ({ user, folders: [...folders], roles: [...roles] })),
        },
  credentialKeys: [...facts.credentialKeys],
  unusableKeys: unusableKeys?.map(({ key, code }) => ({ key, code })) ?? null,
  warnings: [...facts.warnings],
});

const nodeJson = (node: NodeRecord, sessions: ReturnType<Controller["nodes"]>, nowMs: number): z.input<typeof nodeSchema> => {
  const session = sessions.find((one) => one.nodeId === node.id);
  const facts = session?.facts ?? node.facts;
  return {
    id: node.id,
    name: node.name,
    state: node.active ? "active" : "revoked",
    online: node.active && session !== undefined,
    launcherReachable: session?.launcherReachable ?? false,
    runsInFlight: session?.runsInFlight ?? 0,
    labels: { ...node.labels },
    facts: facts === null ? null : factsJson(facts),
    keyThumbprint: node.keyThumbprint,
    certificateFingerprint: node.certificateFingerprint,
    joinedAt: isoOf(node.joinedAtMs),
    lastSeenAt: session === undefined ? isoOrNull(node.lastSeenAtMs) : isoOf(nowMs),
  };
};

const view = { may: "manager:nodes:view" } as const;
const manage = { may: "manager:nodes:manage" } as const;
const byName = z.object({ node: line(100).min(1).describe("node name") });

export const nodeRoutes = ({ nodes, controller, clock }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/nodes",
    summary: "List nodes with their health and the account they run jobs as",
    question: view,
    query: z.object({
      revoked: z.enum(["true", "false"]).default("false").describe("also revoked ones"),
      limit: count(1, 200, 100),
      cursor: z.string().max(300).optional(),
    }),
    answer: pageOf(nodeSchema),
    handle: async ({ query }) => {
      const page = await nodes.list(query.revoked === "true" ? { revoked: true } : {}, query.cursor ?? null, query.limit);
      const sessions = controller.nodes();
      return { items: page.nodes.map((node) => nodeJson(node, sessions, clock.nowMs())), nextCursor: page.next };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/nodes/:node",
    summary: "Show a node",
    question: view,
    params: byName,
    answer: nodeSchema,
    handle: async ({ params }) =>
      nodeJson(
        (await nodes.get(params.node)) ?? fail("nodes.not-found", `there is no node \`${params.node}\``),
        controller.nodes(),
        clock.nowMs(),
      ),
  }),
  route({
    method: "POST",
    url: "/api/v1/nodes/invitations",
    summary: "Make a one-time join token for a node of this name, valid for an hour",
    question: manage,
    body: z.strictObject({ name: z.string().max(200), labels: z.record(z.string().max(200), z.string().max(1000)).default({}) }),
    answer: z.object({
      token: z.string().describe("shown this once"),
      nodeName: z.string(),
      address: z.string().describe("where agents dial in"),
      expiresAt: instant,
    }),
    status: 201,
    handle: async ({ caller, body }) => {
      const { expiresAtMs, ...invitation } = await nodes.invite(caller.principal.accessId, body);
      return { ...invitation, expiresAt: isoOf(expiresAtMs) };
    },
  }),
  route({
    method: "POST",
    url: "/api/v1/nodes/:node/revoke",
    summary: "Revoke a node: its connection is cut, its name may join anew",
    question: manage,
    params: byName,
    answer: nodeSchema,
    handle: async ({ caller, params }) => nodeJson(await nodes.revoke(caller.principal.accessId, params.node), [], clock.nowMs()),
  }),
];

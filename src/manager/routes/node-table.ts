/** Who a node lets in, as it last told: its table is kept, changed and applied on the node alone. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { fail } from "#kernel/problem.ts";
import { roleIncludes } from "#nodes/rules/node-roles.ts";
import { nodeRoles } from "#proof/read-launch-order.ts";
import { seeRoles } from "#manager/routes/explain.ts";
import { line } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

const role = z.enum(nodeRoles);

/** No identity: whoever is signed in. */
const anybody = "authenticated";

export const nodeTableRoutes = ({ nodes, controller, identity }: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/nodes/:node/table",
    summary: "Show whom a node's own table lets in, as the node last told",
    question: { may: "manager:nodes:view" },
    params: z.object({ node: line(100).min(1).describe("node name") }),
    query: z.object({ role: role.optional().describe("only who holds this role, or one that includes it") }),
    answer: z.object({
      entries: z.array(
        z.object({
          subject: z.string().describe("access ID, `group:NAME` or `authenticated`"),
          name: z.string().nullable().describe("of the account; null: a group, everybody, or what is no account here"),
          roles: z.array(role),
        }),
      ),
      total: z.int().describe("how many entries, also those that are not named"),
      named: z.boolean().describe("false: the caller may not see accounts, so that only `authenticated` is named"),
      isCut: z.boolean().describe("the table is too long to be told whole"),
      reported: z.boolean().describe("false: the node has not told its table, or cannot read it"),
    }),
    handle: async ({ caller, params, query }) => {
      const node = (await nodes.get(params.node)) ?? fail("nodes.not-found", `there is no node \`${params.node}\``);
      const facts = controller.nodes().find(({ nodeId }) => nodeId === node.id)?.facts ?? node.facts;
      const table = facts?.table ?? null;
      // SECURITY: seeing nodes is not yet knowing who there is (W7; `node-table.test.ts`).
      const named = decide({ permission: seeRoles }, caller.principal.access).effect === "permit";
      const { role: asked } = query;
      const entries = (table?.entries ?? []).filter(({ roles }) => asked === undefined || roles.some((held) => roleIncludes(held, asked)));
      const shown = named ? entries : entries.filter(({ subject }) => subject === anybody);
      const names = await identity.namesOf(shown.map(({ subject }) => subject));
      return {
        entries: shown.map(({ subject, roles }) => ({ subject, name: names.get(subject) ?? null, roles: [...roles] })),
        total: entries.length,
        named,
        isCut: table?.isCut ?? false,
        reported: table !== null,
      };
    },
  }),
];

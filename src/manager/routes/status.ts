/** How this instance is: version, parts, separation; and its settings with where each came from. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { settingFlag, settingsOf, settingVariable } from "#kernel/settings.ts";
import { instant, isoOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

export const statusRoutes = ({
  version,
  realm,
  store,
  nodes,
  controller,
  settings,
  startedAtMs,
  streams,
  identity,
  chain,
}: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/status",
    summary: "How this instance is",
    question: { may: "manager:view" },
    answer: z.object({
      version: z.string(),
      realm: z.object({ id: z.string(), name: z.string() }),
      startedAt: instant,
      separation: z.enum(["none", "accounts"]).describe("`none`: manager, agent and launcher share one account"),
      parts: z.array(z.object({ name: z.string(), state: z.enum(["up", "degraded"]) })),
      store: z.enum(["sqlite", "postgres"]),
      nodes: z.object({ online: z.int(), total: z.int() }).describe("0 of 0 without `manager:nodes:view`"),
      streams: z.int(),
      hashing: z.object({ running: z.int(), waiting: z.int() }),
      warnings: z.array(z.string()),
    }),
    handle: async ({ caller }) => {
      const seesNodes = decide({ permission: "manager:nodes:view" }, caller.principal.access).effect === "permit";
      const mayVerify = decide({ permission: "manager:auditlog:verify" }, caller.principal.access).effect === "permit";
      const online = new Set(controller.nodes().map((session) => session.nodeId));
      const all = seesNodes ? (await nodes.list({}, null, 1000)).nodes : [];
      const full = controller.admission();
      const owner = settings.values["owner-uid"];
      const { running, waiting } = identity.hashLoad();
      return {
        version,
        realm: { ...realm },
        startedAt: isoOf(startedAtMs),
        separation: owner !== null && owner !== process.getuid?.() ? ("accounts" as const) : ("none" as const),
        parts: [
          { name: "manager", state: "up" as const },
          { name: "controller", state: full === null ? ("up" as const) : ("degraded" as const) },
        ],
        store: store.kind,
        nodes: { online: all.filter((node) => online.has(node.id)).length, total: all.length },
        streams: streams.count,
        hashing: { running, waiting },
        warnings: [
          ...(full === null ? [] : [full.message]),
          ...(mayVerify && chain.state().verified?.ok === false
            ? ["the audit record does not hold: `behalf audit verify` tells where it was changed"]
            : []),
          ...all.flatMap((node) => node.facts?.warnings.map((warning) => `${node.name}: ${warning}`) ?? []),
        ],
      };
    },
  }),
  route({
    method: "GET",
    url: "/api/v1/settings",
    summary: "The settings, and where each came from; secret ones without their value",
    question: { may: "manager:administration:settings:view" },
    answer: z.object({
      items: z.array(
        z.object({
          name: z.string(),
          flag: z.string().nullable(),
          variable: z.string(),
          value: z.unknown().describe("null: not set; `hidden` for secret ones"),
          source: z.enum(["flag", "environment", "file", "default"]),
          description: z.string(),
        }),
      ),
    }),
    handle: async () => ({
      items: settingsOf("manager").map((setting) => {
        const value = settings.values[setting.name as keyof typeof settings.values];
        return {
          name: setting.name,
          flag: setting.secret === true ? null : settingFlag(setting.name),
          variable: settingVariable(setting.name),
          value: setting.secret === true && value !== null ? "hidden" : value,
          source: settings.sources[setting.name] ?? "default",
          description: setting.description,
        };
      }),
    }),
  }),
];

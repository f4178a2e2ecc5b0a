/** The realm: which keys this instance signs with, and replacing the one that signs orders (S5). Nothing of a key but its id ever leaves. */
import { z } from "zod";
import { decide } from "#access/decide.ts";
import { instant, isoOf } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

export const realmRoutes = ({ keyRing, nodes, controller }: Services): Route[] => {
  /** Names of active nodes whose launcher has not said that it took the newest announcement. */
  const nodesBehind = async (): Promise<string[]> => {
    const serial = keyRing.announcement()?.serial;
    if (serial === undefined) return [];
    const reported = new Map(controller.nodes().map((session) => [session.nodeId, session.facts]));
    const names: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await nodes.list({}, cursor, 200);
      for (const node of page.nodes) {
        const seen = (reported.get(node.id) ?? node.facts)?.rotationSerial;
        // Who joined after the announcement was told at the join, and says so with its first report.
        if (seen !== undefined ? seen < serial : node.joinedAtMs < serial * 1000) names.push(node.name);
      }
      if (page.next === null) return names;
      cursor = page.next;
    }
  };

  return [
    route({
      method: "GET",
      url: "/api/v1/realm",
      summary: "The realm, the ids and ages of its keys, and the nodes that have not heard of the newest one",
      question: { may: "manager:administration:certificates:view" },
      answer: z.object({
        id: z.string(),
        name: z.string(),
        epoch: z.int(),
        rotationSerial: z.int().describe("of the last replacement of the key that signs orders; 0: never replaced"),
        keys: z.array(z.object({ purpose: z.enum(["delegation", "root", "audit", "ca"]), id: z.string(), madeAt: instant })),
        nodesBehind: z.array(z.string()).describe("names; empty without `manager:nodes:view`"),
      }),
      handle: async ({ caller }) => {
        const { realm } = keyRing.keys();
        const seesNodes = decide({ permission: "manager:nodes:view" }, caller.principal.access).effect === "permit";
        return {
          id: realm.id,
          name: realm.name,
          epoch: realm.epoch,
          rotationSerial: realm.rotationSerial,
          keys: keyRing.describe().map(({ purpose, id, madeAtMs }) => ({ purpose, id, madeAt: isoOf(madeAtMs) })),
          nodesBehind: seesNodes ? await nodesBehind() : [],
        };
      },
    }),
    route({
      method: "POST",
      url: "/api/v1/realm/rotate-key",
      summary: "Replace the key that signs orders; nodes are told through their agents",
      question: { may: "manager:administration:certificates:manage" },
      body: z.strictObject({
        revokeOld: z.boolean().default(false).describe("the old key may be in other hands: nodes stop believing it at once"),
      }),
      answer: z.object({
        serial: z.int(),
        keyId: z.string(),
        replacedKeyId: z.string(),
      }),
      handle: async ({ caller, body }) => {
        const { serial, kid, replaced } = await keyRing.rotate(caller.principal.accessId, body);
        return { serial, keyId: kid, replacedKeyId: replaced };
      },
    }),
  ];
};

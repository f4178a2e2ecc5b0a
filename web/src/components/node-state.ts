/** How a node is, in one word. */
import type { Schemas } from "#web/api/generated.ts";
import type { MarkedState } from "#web/components/state-mark.tsx";

export const nodeState = (node: Pick<Schemas["Node"], "state" | "online" | "launcherReachable">): MarkedState => {
  if (node.state === "revoked") return "revoked";
  if (!node.online) return "offline";
  return node.launcherReachable ? "online" : "degraded";
};

/** The roles of a node and which of them includes which (B10). Pure. */
import type { NodeRole } from "#proof/launch-order.ts";

/** Operator and configurator are not ordered; the administrator is not an auditor. */
const included: Readonly<Record<NodeRole, readonly NodeRole[]>> = {
  monitor: ["monitor"],
  configurator: ["configurator", "monitor"],
  operator: ["operator", "monitor"],
  administrator: ["administrator", "configurator", "operator", "monitor"],
  auditor: ["auditor"],
};

/** Whether holding `held` is enough where `required` is asked for. */
export const roleIncludes = (held: NodeRole, required: NodeRole): boolean => included[held].includes(required);

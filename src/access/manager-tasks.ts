/**
 * B1-B8, B10: the tasks at the manager and what they need. The administrative role that a task asks for is expressed by
 * permissions here, so `decide` is asked and never a role's name; a node asks for its own role a second time (B9). What does not belong
 * here: the roles of a node (`nodes/rules/`).
 */
export interface ManagerTask {
  readonly id: "B2" | "B3" | "B4" | "B5-configuration" | "B5-history" | "B6";
  readonly task: string;
  /** The role that the requirement names. */
  readonly role: "administrator" | "operator" | "configurator" | "monitor";
  readonly permission: string;
}

export const managerTasks: readonly ManagerTask[] = [
  { id: "B2", task: "register a node with the manager or remove it", role: "administrator", permission: "manager:nodes:manage" },
  { id: "B3", task: "submit a job", role: "operator", permission: "controller:runs:create" },
  { id: "B4", task: "change the manager's configuration", role: "configurator", permission: "manager:administration:settings:manage" },
  { id: "B5-configuration", task: "read the manager's configuration", role: "monitor", permission: "manager:administration:settings:view" },
  { id: "B5-history", task: "read the history of runs", role: "monitor", permission: "controller:runs:view" },
  { id: "B6", task: "register a stand-alone node with an agent or remove it", role: "administrator", permission: "manager:nodes:manage" },
];

const monitor: readonly string[] = [
  "manager:view",
  "manager:inventory:view",
  "manager:administration:settings:view",
  "manager:nodes:view",
  "controller:view",
  "controller:jobs:view",
  "controller:runs:view",
];
const configurator: readonly string[] = [
  ...monitor,
  "manager:administration:settings",
  "manager:administration:controllers",
  "manager:inventory",
];
const operator: readonly string[] = [...monitor, "controller:deployment", "controller:noticeboards", "controller:runs"];

/**
 * B10: the lattice in permissions, for whoever brings roles from such a system: configurator and operator each include monitor and
 * not each other; administrator includes both and alone has the security-sensitive permissions.
 */
export const administrativeRoles: Readonly<Record<ManagerTask["role"], readonly string[]>> = {
  monitor,
  configurator,
  operator,
  administrator: [...configurator, ...operator, "manager:administration", "manager:nodes", "manager:trusts", "manager:credentials"],
};

/**
 * D74: the six default roles, as data. They are ordinary roles of the local service: editable, deletable, copied at first start. Their
 * whole effect is the golden matrix `test/golden/access-matrix.txt`.
 */
import { readGrant } from "#access/permission-spelling.ts";
import type { Grant, RoleScope } from "#access/question.ts";
import { loginPermission } from "#access/decide-login.ts";

export interface DefaultRole {
  readonly name: "administrator" | "api_user" | "application_manager" | "business_user" | "incident_manager" | "it_operator";
  /** What it is for, one line. */
  readonly meaning: string;
  readonly scopes: readonly RoleScope[];
}

const forAllControllers = (permissions: readonly string[]): readonly RoleScope[] => {
  const grants: Grant[] = [];
  for (const text of permissions) {
    const grant = readGrant(text);
    if (grant.ok) grants.push(grant.value);
  }
  return [{ controller: "default", permissions: grants, folders: [] }];
};

const looks: readonly string[] = [
  loginPermission,
  "manager:calendars:view",
  "manager:dailyplan:view",
  "manager:documentations:view",
  "manager:filetransfer:view",
  "manager:inventory:view",
  "manager:reports:view",
  "controller:view",
  "controller:agents:view",
  "controller:deployment:view",
  "controller:jobs:view",
  "controller:locks:view",
  "controller:noticeboards:view",
  "controller:runs:view",
  "controller:runs:log",
];

/** What works with runs and deploys, but writes no definitions and administers nothing. */
const operation: readonly string[] = [
  ...looks,
  "manager:dailyplan:manage",
  "manager:inventory:deploy",
  "manager:nodes:view",
  "manager:notification:view",
  "controller:deployment",
  "controller:noticeboards",
  "controller:runs",
];

/** B10: changes configuration; submits nothing and manages no accounts. */
const application: readonly string[] = [
  ...looks,
  "manager:administration:certificates",
  "manager:administration:controllers",
  "manager:administration:customization",
  "manager:administration:settings",
  "manager:cluster",
  "manager:credentials",
  "manager:documentations",
  "manager:encipherment",
  "manager:inventory",
  "manager:nodes:view",
  "manager:notification",
  "manager:process_servers",
  "manager:reports",
  "manager:trusts:view",
];

/** The six roles that a fresh instance has. */
export const defaultRoles: readonly DefaultRole[] = [
  { name: "administrator", meaning: "everything", scopes: forAllControllers(["manager", "controller"]) },
  {
    name: "api_user",
    meaning: "a program that looks, submits and deploys",
    scopes: forAllControllers([...looks, "manager:inventory:deploy", "controller:deployment", "controller:runs"]),
  },
  {
    name: "application_manager",
    meaning: "administers controllers, clusters, certificates, settings, customisation and definitions; no accounts",
    scopes: forAllControllers(application),
  },
  { name: "business_user", meaning: "looks and changes nothing", scopes: forAllControllers(looks) },
  {
    name: "incident_manager",
    meaning: "what application_manager may, and everything of controllers and runs with their logs",
    scopes: forAllControllers([
      ...application,
      "manager:get_log",
      "manager:auditlog",
      "manager:dailyplan",
      "manager:filetransfer",
      "controller",
    ]),
  },
  { name: "it_operator", meaning: "looks, works with runs and the daily plan, and deploys", scopes: forAllControllers(operation) },
];

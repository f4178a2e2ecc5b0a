/** The kinds of things that `get` and `delete` name, with singular, plural and where the API has them. */
import { fail } from "#kernel/problem.ts";

export interface Kind {
  readonly names: readonly string[];
  readonly collection: string;
  /** The item's address from its name. */
  readonly item: (name: string) => string;
  readonly head: readonly string[];
  readonly row: (item: Readonly<Record<string, unknown>>) => string[];
}

const text = (value: unknown): string =>
  value === null || value === undefined
    ? "-"
    : Array.isArray(value)
      ? value.join(" ") || "-"
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
const encode = (name: string): string => name.split("/").map(encodeURIComponent).join("/");

export const kinds: readonly Kind[] = [
  {
    names: ["job", "jobs"],
    collection: "/api/v1/jobs",
    item: (name) => `/api/v1/jobs${name.startsWith("/") ? "" : "/"}${encode(name)}`,
    head: ["job", "revision", "author", "changed"],
    row: (item) => [text(item["path"]), text(item["revision"]), text(item["authorName"] ?? item["author"]), text(item["updatedAt"])],
  },
  {
    names: ["role", "roles"],
    collection: "/api/v1/roles",
    item: (name) => `/api/v1/roles/${encodeURIComponent(name)}`,
    head: ["role", "service", "revision"],
    row: (item) => [text(item["name"]), text(item["service"]), text(item["revision"])],
  },
  {
    names: ["account", "accounts"],
    collection: "/api/v1/accounts",
    item: (name) => `/api/v1/accounts/${encodeURIComponent(name)}`,
    head: ["account", "access id", "roles", "groups", "state"],
    row: (item) => [
      text(item["name"]),
      text(item["accessId"]),
      text(item["roles"]),
      text(item["groups"]),
      item["disabled"] === true ? "disabled" : "enabled",
    ],
  },
  {
    names: ["policytest", "policytests"],
    collection: "/api/v1/policy-tests",
    item: (name) => `/api/v1/policy-tests/${encodeURIComponent(name)}`,
    head: ["policy test", "cases", "revision", "description"],
    row: (item) => [text(item["name"]), text(item["cases"]), text(item["revision"]), text(item["description"])],
  },
  {
    names: ["node", "nodes"],
    collection: "/api/v1/nodes",
    item: (name) => `/api/v1/nodes/${encodeURIComponent(name)}`,
    head: ["node", "state", "online", "launcher runs as", "default job account", "tree kill", "keys"],
    row: (item) => {
      const facts = (item["facts"] ?? {}) as Record<string, unknown>;
      return [
        text(item["name"]),
        text(item["state"]),
        item["online"] === true ? "yes" : "no",
        text(facts["launcherAccount"]),
        text(facts["defaultJobAccount"]) + (isOwnAccount(facts) ? " (Behalf's own)" : ""),
        text(facts["tree"]),
        text(facts["credentialKeys"]),
      ];
    },
  },
];

/** Whether jobs with `as: agent` run as an account of Behalf itself, which its policy must name (S7). */
export const isOwnAccount = (facts: Readonly<Record<string, unknown>>): boolean =>
  typeof facts["defaultJobAccount"] === "string" && [facts["launcherAccount"], facts["agentAccount"]].includes(facts["defaultJobAccount"]);

/** The kind of that name; fails with `cli.usage`. */
export const kindOf = (name: string): Kind =>
  kinds.find((kind) => kind.names.includes(name.toLowerCase())) ??
  fail("cli.usage", `there is no kind \`${name}\``, { hint: `one of: ${kinds.map((kind) => kind.names[1]).join(", ")}` });

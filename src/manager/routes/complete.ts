/**
 * Completion of what somebody types: jobs, folders, roles, accounts, nodes and permissions that begin so. Each kind asks what its list
 * asks; nothing is offered that the list or the page would not show.
 */
import { z } from "zod";
import type { CompiledAccess } from "#access/compile.ts";
import { folderAbove } from "#access/folders.ts";
import { folderVisibility } from "#access/may-know.ts";
import { leafOf, permissionNodes } from "#access/permissions.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { fail } from "#kernel/problem.ts";
import { line } from "#manager/routes/fields.ts";
import { mainController } from "#manager/routes/jobs.ts";
import { readMay } from "#manager/may-hints.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import { foldersOf, visiblePage } from "#manager/visible.ts";
import { authorise } from "#manager/web/guard.ts";

const mostOffered = 20;
const kinds = ["job", "folder", "role", "account", "node", "permission"] as const;

interface Offer {
  readonly value: string;
  readonly description: string | null;
}

const asPath = (prefix: string): string => (prefix.startsWith("/") ? prefix : `/${prefix}`).normalize("NFC");

const jobOffers = async ({ jobs }: Services, access: CompiledAccess, permission: string, prefix: string): Promise<Offer[]> => {
  const page = await visiblePage(
    access,
    permission,
    { limit: mostOffered + 1 },
    (limit, from) =>
      jobs.listJobs({
        folders: foldersOf(access, permission, mainController),
        prefix: asPath(prefix),
        limit,
        ...(from === undefined ? {} : { cursor: from }),
      }),
    (stored) => ({ path: stored.path, controller: mainController }),
  );
  return page.items.map((stored) => ({ value: stored.path, description: stored.job.title }));
};

/** Folders that have jobs, and those above them: by name alone where only something below is visible (E9). */
const folderOffers = async ({ jobs }: Services, access: CompiledAccess, prefix: string): Promise<Offer[]> => {
  const wanted = asPath(prefix);
  const found = new Set<string>();
  const perRead = 500;
  for (let after = ""; found.size <= mostOffered;) {
    const folders = await jobs.listFolders({ prefix: wanted, after, limit: perRead });
    for (const folder of folders) {
      for (let above = folder; above.startsWith(wanted) && !found.has(above); above = folderAbove(above)) {
        if (folderVisibility(above, access, mainController) !== "nothing") found.add(above);
        if (above === "/") break;
      }
    }
    if (folders.length < perRead) break;
    after = folders.at(-1) ?? "";
  }
  return [...found].toSorted((a, b) => (a < b ? -1 : 1)).map((value) => ({ value, description: null }));
};

const permissionOffers = (prefix: string): Offer[] =>
  permissionNodes
    .filter(({ permission }) => permission.startsWith(prefix))
    .map(({ permission, meaning }) => ({ value: permission, description: meaning }));

const nodeOffers = async ({ nodes }: Services, prefix: string): Promise<Offer[]> => {
  const offers: Offer[] = [];
  for (let cursor: string | null = null; offers.length <= mostOffered;) {
    const page: Awaited<ReturnType<Services["nodes"]["list"]>> = await nodes.list({}, cursor, 200);
    for (const { name } of page.nodes) if (name.startsWith(prefix)) offers.push({ value: name, description: null });
    cursor = page.next;
    if (cursor === null) break;
  }
  return offers;
};

const roleOffers = async ({ identity }: Services, prefix: string): Promise<Offer[]> => {
  const key = accountNameKey(prefix);
  const roles = (await identity.listRoles()).filter(({ name }) => accountNameKey(name).startsWith(key));
  return roles.map(({ name, service }) => ({ value: name, description: service })).toSorted((a, b) => (a.value < b.value ? -1 : 1));
};

const accountOffers = async ({ identity }: Services, prefix: string): Promise<Offer[]> => {
  const accounts = await identity.findAccountNames(prefix, mostOffered + 1);
  const owners = (await identity.listOsAccounts()).filter(({ accessId }) => accessId.startsWith(prefix));
  return [
    ...accounts.map(({ name, service }) => ({ value: name, description: service })),
    ...owners.map(({ accessId }) => ({ value: accessId, description: "account of the operating system" })),
  ];
};

export const completeRoutes = (services: Services): Route[] => [
  route({
    method: "GET",
    url: "/api/v1/complete",
    summary: "What begins with these letters, as far as the caller may see it",
    question: {
      self: "each kind asks what its list asks: a job what `may` names or `controller:jobs:view`, a role `manager:administration:accounts:view` …",
    },
    query: z.object({
      kind: z.enum(kinds),
      prefix: line(1024).default(""),
      may: line(200).min(1).optional().describe("jobs on which the caller holds this permission; absent: `controller:jobs:view`"),
    }),
    answer: z.object({
      items: z.array(z.object({ value: z.string(), description: z.string().nullable() })),
      more: z.boolean().describe("there are more than these"),
    }),
    handle: async ({ caller: { principal }, query: { kind, prefix, may } }) => {
      const [permission = "controller:jobs:view"] = readMay(may);
      if (may !== undefined && (kind !== "job" || leafOf(permission)?.object !== "job"))
        fail("input.invalid-value", "`may` goes with `kind=job` and a permission on jobs", { at: { path: "may" } });
      const offers = async (): Promise<Offer[]> => {
        switch (kind) {
          case "job":
            return await jobOffers(services, principal.access, permission, prefix);
          case "folder":
            return await folderOffers(services, principal.access, prefix);
          case "permission":
            return permissionOffers(prefix);
          case "node":
            authorise(principal, "manager:nodes:view", {});
            return await nodeOffers(services, prefix);
          case "role":
            authorise(principal, "manager:administration:accounts:view", {});
            return await roleOffers(services, prefix);
          case "account":
            authorise(principal, "manager:administration:accounts:view", {});
            return await accountOffers(services, prefix);
        }
      };
      const found = await offers();
      return { items: found.slice(0, mostOffered).map((offer) => ({ ...offer })), more: found.length > mostOffered };
    },
  }),
];

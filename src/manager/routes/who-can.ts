/** Who may do something: the inverse of `explain`, over every account and `os:<uid>` that holds a role. */
import { z } from "zod";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { comparablePath } from "#access/folders.ts";
import { leafOf, permissionLeaves, permissionNodeOf } from "#access/permissions.ts";
import type { Question } from "#access/question.ts";
import { whoCan } from "#access/who-can.ts";
import { comparePlaces, type Roster, type RosterEntry } from "#identity/roster.ts";
import { fail, type Because } from "#kernel/problem.ts";
import { authoriseOthers, becauseJson, becauseSchema, checkPermission, questionOf, seeRoles } from "#manager/routes/explain.ts";
import { cursor, decodeCursor, encodeCursor, line } from "#manager/routes/fields.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";

/** E6, E9: only a single permission has an answer, and one on objects needs a path. */
const requireAnswerable = ({ permission, path }: Question): void => {
  checkPermission(permission, "permission");
  const leaf = leafOf(permission);
  const branch = permissionNodeOf(permission);
  if (leaf === undefined)
    return fail("input.invalid-value", `\`${permission}\` is a branch and not a single permission`, {
      at: { path: "permission" },
      hint: `ask about one of it, such as \`${permissionLeaves[branch?.firstLeaf ?? 0]?.permission ?? ""}\``,
    });
  if (path === undefined) {
    if (leaf.object !== null)
      fail("input.missing-field", `\`${permission}\` is asked on an object in a folder, and none was named`, {
        at: { path: "on" },
        hint: "name the object's path, such as `/finance/close-books`, or a folder with a slash at its end",
      });
  } else if (comparablePath(path) === null)
    fail("input.invalid-value", `\`${path}\` is not a path`, {
      at: { path: "on" },
      hint: "write it as `/finance/close-books`, a folder with a slash at its end",
    });
};

/** The first entry after the one that the cursor names, which need not be there any more. */
const firstAfter = (entries: readonly RosterEntry[], text: string | undefined): number => {
  const [rank, service, nameKey] = decodeCursor(text, ["number", "string", "string"]) ?? [];
  if (typeof rank !== "number" || typeof service !== "string" || typeof nameKey !== "string") return 0;
  const place = [rank, service, nameKey] as const;
  let from = 0;
  let to = entries.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && comparePlaces(entry.place, place) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** INVARIANT: whoever is shown was decided by himself; the answer over all and the one for him never differ (`access/who-can.test.ts`). */
const reasonOf = (entry: RosterEntry, roles: Roster["roles"], question: Question): Because => {
  const held = entry.roleIds.flatMap((id) => roles.get(id) ?? []);
  const verdict = decide(question, compileAccess({ accessId: entry.accessId, name: entry.name, roles: held }));
  if (verdict.effect === "deny") throw new Error(`who can and decide differ: ${verdict.because.rule}`);
  return verdict.because;
};

export const whoCanRoutes = ({ identity }: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/who-can",
    summary: "Who may do something",
    question: { may: "manager:explain:others", refined: "in the folder that is asked about" },
    body: z.strictObject({
      permission: line(200).min(1).describe("a single permission, such as `controller:runs:create`"),
      on: line(1024).min(1).optional().describe("object path, or folder with a slash at its end"),
      controller: line(100).min(1).optional().describe("absent: what holds for all controllers"),
      limit: z.int().min(1).max(1000).default(100),
      cursor,
    }),
    answer: z.object({
      question: z.object({ permission: z.string(), on: z.string().nullable(), controller: z.string().nullable() }),
      items: z.array(
        z.object({
          accessId: z.string(),
          name: z.string(),
          service: z.string().describe("`OS` for `os:<uid>`"),
          disabled: z.boolean().describe("never true here: a disabled account cannot act"),
          because: becauseSchema,
        }),
      ),
      named: z.boolean().describe("false: the caller may not see accounts, so they are counted and not named"),
      total: z.int().describe("how many may, on all pages"),
      disabledTotal: z.int().describe("how many more could if their account were not disabled"),
      nextCursor: z.string().nullable().describe("null on the last page"),
    }),
    handle: async ({ caller, body }) => {
      const question = questionOf(body);
      authoriseOthers(caller.principal, body);
      requireAnswerable(question);
      const { entries, roles } = await identity.roster();
      const found = whoCan(question, entries, [...roles.values()]);
      const able = found.filter((entry) => !entry.disabled);
      // SECURITY: explaining what others may do is not yet knowing who there is (W7; `who-can.test.ts`).
      const named = decide({ permission: seeRoles }, caller.principal.access).effect === "permit";
      const from = named ? firstAfter(able, body.cursor) : able.length;
      const page = able.slice(from, from + body.limit);
      const last = page.at(-1);
      return {
        question: { permission: body.permission, on: body.on ?? null, controller: body.controller ?? null },
        items: page.map((entry) => ({
          accessId: entry.accessId,
          name: entry.name,
          service: entry.service,
          disabled: entry.disabled,
          because: becauseJson(reasonOf(entry, roles, question)),
        })),
        named,
        total: able.length,
        disabledTotal: found.length - able.length,
        nextCursor: last !== undefined && from + page.length < able.length ? encodeCursor(last.place) : null,
      };
    },
  }),
];

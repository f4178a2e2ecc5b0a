/**
 * What the reader may do with each entry of a list, asked for with `?may=`: the same `decide` that the act itself will ask, so that a page
 * can disable what would be refused and say why. What does not belong here: refusing (`web/guard.ts`).
 */
import { z } from "zod";
import type { CompiledAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import { leafOf } from "#access/permissions.ts";
import { fail } from "#kernel/problem.ts";
import type { Place } from "#manager/visible.ts";

const mostPermissions = 20;

export const mayQuery = z
  .string()
  .max(2000)
  .optional()
  .describe("permissions, separated by commas: each item then says in `may` whether the reader has them there, and why not");

const hintSchema = z.union([
  z.object({ effect: z.literal("permit") }),
  z.object({ effect: z.literal("deny"), code: z.string(), message: z.string(), hint: z.string() }),
]);

/** Present where `?may=` asked for it. */
export const maySchema = z.record(z.string(), hintSchema).optional();
export type May = z.input<typeof maySchema>;

/** The permissions of `?may=`; throws `input.invalid-value` where one is no single permission of the tree. */
export const readMay = (text: string | undefined): readonly string[] => {
  const names = [...new Set((text ?? "").split(",").filter((name) => name !== ""))];
  if (names.length > mostPermissions)
    fail("input.too-large", `\`may\` names more than ${mostPermissions} permissions`, { at: { path: "may" } });
  for (const name of names) {
    if (leafOf(name) !== undefined) continue;
    const near = nearestPermission(name);
    fail("input.invalid-value", `there is no single permission \`${name.slice(0, 200).replaceAll(/[`\p{Cc}\p{Cf}]/gu, "'")}\``, {
      at: { path: "may" },
      ...(near === null ? {} : { hint: `did you mean \`${near}\`?` }),
    });
  }
  return names;
};

/** `{ may }` for one object, or nothing where nothing was asked. */
export const mayHints = (access: CompiledAccess, permissions: readonly string[], place: Place): { may?: NonNullable<May> } => {
  if (permissions.length === 0) return {};
  const may: NonNullable<May> = {};
  for (const permission of permissions) {
    const verdict = decide({ permission, ...(leafOf(permission)?.object === null ? {} : place) }, access);
    may[permission] =
      verdict.effect === "permit"
        ? { effect: "permit" }
        : { effect: "deny", code: verdict.problem.code, message: verdict.problem.message, hint: verdict.problem.hint };
  }
  return { may };
};

/** On which line of its document each entry of a role stands. What does not belong here: which file that is, and keeping it (`role-sources.ts`). */
import { normaliseFolder } from "#access/folders.ts";
import { readGrant, renderGrant } from "#access/permission-spelling.ts";

/** An entry as explanations name it: `controller:runs`, `-controller:runs:cancel` or a folder's path, in one scope. */
export interface SourceEntry {
  readonly controller: string;
  readonly entry: string;
  readonly line: number;
}

type Step = string | number;
type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (part: Part, field: string): readonly unknown[] => (Array.isArray(part[field]) ? (part[field] as unknown[]) : []);

const permissionOf = (given: unknown): string | null => {
  const read = typeof given === "string" ? readGrant(given) : null;
  return read?.ok === true ? renderGrant(read.value) : null;
};

const folderOf = (given: unknown): string | null => {
  const text = isPart(given) ? given["path"] : given;
  const read = typeof text === "string" ? normaliseFolder(text) : null;
  return read?.ok === true ? read.value.path : null;
};

/** The lines of a `kind: Role` document that was read without a problem; of an entry that stands there twice, the first one. */
export const sourceEntriesOf = (document: unknown, lineOf: (path: readonly Step[]) => number): readonly SourceEntry[] => {
  if (!isPart(document)) return [];
  const controllers = isPart(document["controllers"]) ? document["controllers"] : {};
  const parts: (readonly [controller: string, part: unknown, at: readonly Step[]])[] = [
    ["default", document, []],
    ...Object.entries(controllers).map(([controller, part]) => [controller, part, ["controllers", controller]] as const),
  ];
  const found = new Map<string, SourceEntry>();
  for (const [controller, part, at] of parts) {
    if (!isPart(part)) continue;
    for (const [field, read] of [
      ["permissions", permissionOf],
      ["folders", folderOf],
    ] as const)
      for (const [index, given] of listOf(part, field).entries()) {
        const entry = read(given);
        const key = `${controller} ${entry ?? ""}`;
        if (entry !== null && !found.has(key)) found.set(key, { controller, entry, line: lineOf([...at, field, index]) });
      }
  }
  return [...found.values()];
};

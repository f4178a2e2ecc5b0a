/**
 * Which rows of the permission tree are in sight, and where its keys lead from one of them: as the tree grid of the ARIA Authoring Practices
 * has it. Pure.
 */
import type { TreeRow } from "#access/role-draft-tree.ts";

export interface RowInSight {
  readonly row: TreeRow;
  /** From 1, among the rows of the same branch. */
  readonly position: number;
  /** Rows of that branch. */
  readonly siblings: number;
  /** Null: there is nothing below it. */
  readonly isOpen: boolean | null;
}

const parentOf = (permission: string): string => permission.slice(0, Math.max(0, permission.lastIndexOf(":")));

/** Rows that hold the words, and what stands above them. */
export const rowsMatching = (
  rows: readonly TreeRow[],
  words: string,
  meaningOf: (row: TreeRow) => string = ({ meaning }) => meaning,
): readonly TreeRow[] => {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return rows;
  const found = rows.filter((row) => row.permission.includes(wanted) || meaningOf(row).toLowerCase().includes(wanted));
  return rows.filter((row) => found.some((one) => one === row || one.permission.startsWith(`${row.permission}:`)));
};

/** D84: partly collapsed at first: what the role names is in sight. */
export const firstOpen = (rows: readonly TreeRow[]): ReadonlySet<string> => {
  const named = rows.filter((row) => row.own !== null);
  return new Set(
    rows
      .filter((row) => !row.isLeaf && (row.depth === 1 || named.some((one) => one.permission.startsWith(`${row.permission}:`))))
      .map((row) => row.permission),
  );
};

/** Rows in tree order, without those below a branch that is closed. */
export const rowsInSight = (rows: readonly TreeRow[], isOpen: (permission: string) => boolean): readonly RowInSight[] => {
  const children = new Map<string, number>();
  const positions = rows.map(({ permission }) => {
    const position = (children.get(parentOf(permission)) ?? 0) + 1;
    children.set(parentOf(permission), position);
    return position;
  });
  let closed: string | null = null;
  return rows.flatMap((row, index) => {
    if (closed !== null && row.permission.startsWith(closed)) return [];
    const open = row.isLeaf ? null : isOpen(row.permission);
    closed = open === false ? `${row.permission}:` : null;
    return [{ row, position: positions[index] ?? 1, siblings: children.get(parentOf(row.permission)) ?? 1, isOpen: open }];
  });
};

export type TreeMove =
  | { readonly kind: "row"; readonly index: number }
  | { readonly kind: "toggle"; readonly permission: string }
  /** To what can be done in the row. */
  | { readonly kind: "into" };

/** Null: no key of the tree's. `page`: as many rows as are seen at once. */
export const moveOfKey = (key: string, rows: readonly RowInSight[], index: number, page: number): TreeMove | null => {
  const at = rows[index];
  if (at === undefined) return null;
  const to = (wanted: number): TreeMove => ({ kind: "row", index: Math.max(0, Math.min(rows.length - 1, wanted)) });
  switch (key) {
    case "ArrowDown":
      return to(index + 1);
    case "ArrowUp":
      return to(index - 1);
    case "PageDown":
      return to(index + page);
    case "PageUp":
      return to(index - page);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      return at.isOpen === false ? { kind: "toggle", permission: at.row.permission } : { kind: "into" };
    case "ArrowLeft": {
      if (at.isOpen === true) return { kind: "toggle", permission: at.row.permission };
      const above = parentOf(at.row.permission);
      return to(above === "" ? index : rows.findIndex(({ row }) => row.permission === above));
    }
    default:
      return null;
  }
};

/** The next row, from here on and around, that begins with what was typed; null: none does. Typed on, the row itself may still be it. */
export const rowOfTyping = (typed: string, rows: readonly RowInSight[], index: number): number | null => {
  const from = typed.length > 1 ? index : index + 1;
  for (let step = 0; step < rows.length; step += 1) {
    const at = (from + step) % rows.length;
    if (rows[at]?.row.segment.toLowerCase().startsWith(typed.toLowerCase()) === true) return at;
  }
  return null;
};

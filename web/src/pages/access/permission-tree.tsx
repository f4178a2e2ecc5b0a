/**
 * The permission tree (D79-D84): a tree-grid of what one part of a role says about each permission, walked and edited with the keyboard. What a
 * row says, it says in words; sign and colour only repeat it. What a state means: `access/role-draft-tree.ts`.
 */
import { Button as AriaButton, Tree, TreeItem, TreeItemContent } from "react-aria-components";
import { useState } from "react";
import type { PermissionState, TreeRow } from "#access/role-draft-tree.ts";
import type { DraftStep } from "#access/role-draft.ts";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import type { Text, Translate } from "#web/i18n/text.ts";
import classes from "#web/pages/access/permission-tree.module.css";

interface Branch {
  readonly row: TreeRow;
  readonly children: readonly Branch[];
}

const signs: Readonly<Record<PermissionState, string>> = {
  granted: "✓",
  "inherited-grant": "↳✓",
  denied: "⊘",
  "inherited-denial": "↳⊘",
  unassigned: "·",
};

const stateWords: Readonly<Record<PermissionState, Text & { readonly en: string; readonly de: string }>> = {
  granted: roleTexts.granted,
  "inherited-grant": roleTexts.inheritedGrant,
  denied: roleTexts.denied,
  "inherited-denial": roleTexts.inheritedDenial,
  unassigned: roleTexts.unassigned,
};

/** Rows in tree order with their depths, as nested branches. */
const nest = (rows: readonly TreeRow[]): readonly Branch[] => {
  const roots: Branch[] = [];
  const open: { readonly depth: number; readonly children: Branch[] }[] = [{ depth: 0, children: roots }];
  for (const row of rows) {
    while ((open.at(-1)?.depth ?? 0) >= row.depth) open.pop();
    const children: Branch[] = [];
    open.at(-1)?.children.push({ row, children });
    open.push({ depth: row.depth, children });
  }
  return roots;
};

/** Rows that hold the words, and what stands above them. */
export const rowsMatching = (rows: readonly TreeRow[], words: string): readonly TreeRow[] => {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return rows;
  const found = rows.filter((row) => row.permission.includes(wanted) || row.meaning.toLowerCase().includes(wanted));
  return rows.filter((row) => found.some((one) => one === row || one.permission.startsWith(`${row.permission}:`)));
};

/** What a key or a click on the body does (D84): select, or unselect. */
const toggled = (row: TreeRow, scope: string): DraftStep =>
  row.own === null ? { step: "grant", scope, permission: row.permission } : { step: "clear", scope, permission: row.permission };

const granting = (row: TreeRow, scope: string): DraftStep =>
  row.own === "granted"
    ? { step: "clear", scope, permission: row.permission }
    : { step: row.own === "denied" ? "switch" : "grant", scope, permission: row.permission };

const denying = (row: TreeRow, scope: string): DraftStep =>
  row.own === "denied"
    ? { step: "clear", scope, permission: row.permission }
    : { step: row.own === "granted" ? "switch" : "deny", scope, permission: row.permission };

/** What keys do beside walking; null: nothing of this tree's. */
const stepOfKey = (key: string, row: TreeRow, scope: string): DraftStep | null => {
  switch (key) {
    case " ":
    case "Enter":
      return toggled(row, scope);
    case "+":
      return row.own === "granted" ? null : granting(row, scope);
    case "-":
      return row.own === "denied" ? null : denying(row, scope);
    case "Delete":
    case "Backspace":
      return row.own === null ? null : { step: "clear", scope, permission: row.permission };
    default:
      return null;
  }
};

const stateText = (row: TreeRow, t: Translate): string => {
  const state = t(stateWords[row.state]);
  if (!row.applies) return t(roleTexts.generalOnly);
  if (row.from === null) return state;
  return row.from.scope === "default"
    ? t(roleTexts.stateFrom, { state, permission: row.from.permission })
    : t(roleTexts.stateFromController, { state, permission: row.from.permission, controller: row.from.scope });
};

interface RowProps {
  readonly branch: Branch;
  readonly readOnly: boolean;
  readonly onStep: (row: TreeRow, step: DraftStep) => void;
  readonly scope: string;
}

const Row = ({ branch: { row, children }, readOnly, onStep, scope }: RowProps): React.ReactElement => {
  const t = useText();
  const state = stateText(row, t);
  const counts = row.isLeaf ? "" : t(roleTexts.leaves, { granted: row.grantedLeaves, all: row.leaves });
  return (
    <TreeItem
      id={row.permission}
      // What is typed to jump to a row is its own segment.
      textValue={[row.segment, state, counts, row.meaning].filter((text) => text !== "").join(", ")}
      className={classes.row ?? ""}
      data-state={row.state}
      onAction={() => {
        if (!readOnly) onStep(row, toggled(row, scope));
      }}
    >
      <TreeItemContent>
        {({ isExpanded }) => (
          <div className={classes.content} style={{ paddingInlineStart: (row.depth - 1) * 18 }} data-applies={row.applies}>
            {row.isLeaf ? (
              <span className={classes.chevron} />
            ) : (
              <AriaButton slot="chevron" className={classes.chevron ?? ""}>
                <span aria-hidden="true">{isExpanded ? "▾" : "▸"}</span>
              </AriaButton>
            )}
            <span className={classes.sign} aria-hidden="true">
              {signs[row.state]}
            </span>
            <span className={classes.words}>
              <code className={classes.segment}>{row.segment}</code>
              <span className={classes.meaning} lang="en">
                {row.meaning}
              </span>
            </span>
            <span className={classes.state}>
              {row.state === "unassigned" && row.applies ? "" : state}
              {counts === "" || row.grantedLeaves === 0 ? "" : ` ${counts}`}
            </span>
            {readOnly ? null : (
              <span className={classes.buttons}>
                <AriaButton
                  className={classes.button ?? ""}
                  aria-pressed={row.own === "granted"}
                  aria-label={t(roleTexts.grantOf, { permission: row.permission })}
                  isDisabled={!row.applies && row.own === null}
                  onPress={() => onStep(row, granting(row, scope))}
                >
                  {t(roleTexts.grant)}
                </AriaButton>
                <AriaButton
                  className={classes.button ?? ""}
                  aria-pressed={row.own === "denied"}
                  aria-label={t(roleTexts.denyOf, { permission: row.permission })}
                  isDisabled={!row.applies && row.own === null}
                  onPress={() => onStep(row, denying(row, scope))}
                >
                  {t(roleTexts.deny)}
                </AriaButton>
              </span>
            )}
          </div>
        )}
      </TreeItemContent>
      {children.map((child) => (
        <Row key={child.row.permission} branch={child} readOnly={readOnly} onStep={onStep} scope={scope} />
      ))}
    </TreeItem>
  );
};

export interface PermissionTreeProps {
  readonly label: string;
  readonly rows: readonly TreeRow[];
  /** The part of the role that is shown. */
  readonly scope: string;
  readonly words: string;
  readonly readOnly: boolean;
  readonly onStep: (row: TreeRow, step: DraftStep) => void;
}

/** D84: partly collapsed at first: what the role names is in sight. */
const firstExpanded = (rows: readonly TreeRow[]): ReadonlySet<string> => {
  const named = rows.filter((row) => row.own !== null);
  return new Set(
    rows
      .filter((row) => !row.isLeaf && (row.depth === 1 || named.some((one) => one.permission.startsWith(`${row.permission}:`))))
      .map((row) => row.permission),
  );
};

export const PermissionTree = ({ label, rows, scope, words, readOnly, onStep }: PermissionTreeProps): React.ReactElement => {
  const t = useText();
  const [expanded, setExpanded] = useState(() => firstExpanded(rows));
  const shown = rowsMatching(rows, words);
  const branches = rows.filter((row) => !row.isLeaf).map((row) => row.permission);
  const isAll = branches.every((permission) => expanded.has(permission));

  /** Before the tree itself hears it: it would take these keys for typing ahead. */
  const onKeyDownCapture = (event: React.KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.getAttribute("role") !== "row") return;
    if (event.key === "*") setExpanded(new Set(branches));
    else {
      const row = rows.find((one) => one.permission === target.dataset["key"]);
      const step = row === undefined || readOnly ? null : stepOfKey(event.key, row, scope);
      if (row === undefined || step === null) {
        if (event.key !== "+" && event.key !== "-") return;
      } else onStep(row, step);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div className={classes.bar}>
        <AriaButton className={classes.button ?? ""} onPress={() => setExpanded(isAll ? firstExpanded(rows) : new Set(branches))}>
          {t(isAll ? roleTexts.collapse : roleTexts.expandAll)}
        </AriaButton>
        <span className={classes.keys}>{t(roleTexts.keys)}</span>
      </div>
      {shown.length === 0 ? (
        <p className="soft">{t(roleTexts.noMatch)}</p>
      ) : (
        <div onKeyDownCapture={onKeyDownCapture} className={classes.scroller}>
          <Tree
            aria-label={label}
            selectionMode="none"
            expandedKeys={words.trim() === "" ? expanded : branches}
            onExpandedChange={(keys) => setExpanded(new Set([...keys].map(String)))}
            className={classes.tree ?? ""}
          >
            {nest(shown).map((branch) => (
              <Row key={branch.row.permission} branch={branch} readOnly={readOnly} onStep={onStep} scope={scope} />
            ))}
          </Tree>
        </div>
      )}
    </>
  );
};

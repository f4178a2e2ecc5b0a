/**
 * The permission tree (D79-D84): a tree-grid of what one part of a role says about each permission, walked and edited with the keyboard. What a
 * row says, it says in words; sign and colour only repeat it. What a state means: `access/role-draft-tree.ts`; where its keys lead:
 * `permission-rows.ts`. Its own rows, not a library's: those took most of the page's time (ADR 9).
 */
import { memo, useRef, useState } from "react";
import type { PermissionState, TreeRow } from "#access/role-draft-tree.ts";
import type { DraftStep } from "#access/role-draft.ts";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import type { Text, Translate } from "#web/i18n/text.ts";
import { useMeaning } from "#web/components/engine-text.tsx";
import { firstOpen, moveOfKey, rowOfTyping, rowsInSight, rowsMatching, type RowInSight } from "#web/pages/access/permission-rows.ts";
import classes from "#web/pages/access/permission-tree.module.css";

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

interface RowProps extends RowInSight {
  readonly isCurrent: boolean;
  readonly readOnly: boolean;
}

/** What a button of a row, or a click on its body, does: found by the tree, which hears them all. */
type RowAct = "toggle" | "grant" | "deny";

const Row = memo(({ row, position, siblings, isOpen, isCurrent, readOnly }: RowProps): React.ReactElement => {
  const t = useText();
  const state = stateText(row, t);
  const meaning = useMeaning()(row);
  const counts = row.isLeaf ? "" : t(roleTexts.leaves, { granted: row.grantedLeaves, all: row.leaves });
  const act = (kind: RowAct, text: string, label: string, own: TreeRow["own"]): React.ReactElement => (
    <button
      type="button"
      tabIndex={-1}
      className={classes.button}
      data-act={kind}
      aria-pressed={row.own === own}
      aria-label={label}
      disabled={!row.applies && row.own === null}
    >
      {text}
    </button>
  );
  return (
    <div
      role="row"
      tabIndex={isCurrent ? 0 : -1}
      aria-label={[row.segment, state, counts, meaning.text].filter((text) => text !== "").join(", ")}
      aria-level={row.depth}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-expanded={isOpen ?? undefined}
      className={classes.row}
      data-permission={row.permission}
      data-state={row.state}
    >
      <div
        role="gridcell"
        aria-colindex={1}
        className={classes.content}
        style={{ paddingInlineStart: (row.depth - 1) * 18 }}
        data-applies={row.applies}
      >
        <span className={classes.chevron} aria-hidden="true" data-act={isOpen === null ? undefined : "toggle"}>
          {isOpen === null ? "" : isOpen ? "▾" : "▸"}
        </span>
        <span className={classes.sign} aria-hidden="true">
          {signs[row.state]}
        </span>
        <span className={classes.words}>
          <code className={classes.segment}>{row.segment}</code>
          <span className={classes.meaning} lang={meaning.lang}>
            {meaning.text}
          </span>
        </span>
        <span className={classes.state}>
          {row.state === "unassigned" && row.applies ? "" : state}
          {counts === "" || row.grantedLeaves === 0 ? "" : ` ${counts}`}
        </span>
        {readOnly ? null : (
          <span className={classes.buttons}>
            {act("grant", t(roleTexts.grant), t(roleTexts.grantOf, { permission: row.permission }), "granted")}
            {act("deny", t(roleTexts.deny), t(roleTexts.denyOf, { permission: row.permission }), "denied")}
          </span>
        )}
      </div>
    </div>
  );
});

export interface PermissionTreeProps {
  readonly label: string;
  readonly rows: readonly TreeRow[];
  /** The part of the role that is shown. */
  readonly scope: string;
  readonly words: string;
  readonly readOnly: boolean;
  readonly onStep: (row: TreeRow, step: DraftStep) => void;
}

/** Letters that follow each other within this are one word. */
const typingMs = 1000;

const rowElement = (target: EventTarget): HTMLElement | null => (target as Element).closest<HTMLElement>("[data-permission]");

/** From one thing that can be done in a row to the next, or back; past the first it is the row itself. */
const moveWithin = (row: HTMLElement, from: Element, step: 1 | -1): void => {
  const places = [row, ...row.querySelectorAll<HTMLElement>("button:enabled")];
  places[Math.max(0, Math.min(places.length - 1, places.indexOf(from as HTMLElement) + step))]?.focus();
};

export const PermissionTree = ({ label, rows, scope, words, readOnly, onStep }: PermissionTreeProps): React.ReactElement => {
  const t = useText();
  const [opened, setOpened] = useState(() => firstOpen(rows));
  const [current, setCurrent] = useState<string | null>(null);
  const typing = useRef({ text: "", atMs: 0 });
  const branches = rows.filter((row) => !row.isLeaf).map((row) => row.permission);
  const isSearch = words.trim() !== "";
  const meaningOf = useMeaning();
  const shown = rowsInSight(
    rowsMatching(rows, words, (row) => meaningOf(row).text),
    (permission) => isSearch || opened.has(permission),
  );
  const isAll = branches.every((permission) => opened.has(permission));
  // One place in the tab order: the row that was met last, as long as it is in sight.
  const place = Math.max(
    0,
    shown.findIndex(({ row }) => row.permission === current),
  );
  const toggle = (permission: string): void =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(permission)) next.add(permission);
      return next;
    });
  const focusRow = (from: HTMLElement, index: number): void => {
    const permission = shown[index]?.row.permission;
    if (permission === undefined) return;
    from.closest("[role=treegrid]")?.querySelector<HTMLElement>(`[data-permission="${permission}"]`)?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const element = rowElement(event.target);
    if (element === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = shown.findIndex(({ row }) => row.permission === element.dataset["permission"]);
    const at = shown[index];
    if (at === undefined) return;
    if (event.target !== element) {
      // On a button of the row: it has the keys that press it to itself.
      if (event.key === "ArrowRight") moveWithin(element, event.target as Element, 1);
      else if (event.key === "ArrowLeft") moveWithin(element, event.target as Element, -1);
      else if (event.key === "Escape") element.focus();
      else return;
      event.preventDefault();
      return;
    }
    const step = readOnly ? null : stepOfKey(event.key, at.row, scope);
    const page = Math.max(1, Math.floor((element.closest(`.${classes.scroller}`)?.clientHeight ?? 0) / element.offsetHeight) - 1);
    const move = moveOfKey(event.key, shown, index, page);
    if (event.key === "*") setOpened(new Set(branches));
    else if (step !== null) onStep(at.row, step);
    else if (move?.kind === "row") focusRow(element, move.index);
    else if (move?.kind === "toggle") toggle(move.permission);
    else if (move?.kind === "into") moveWithin(element, element, 1);
    else if (/^[\p{L}\p{N}_]$/u.test(event.key)) {
      const { text, atMs } = typing.current;
      typing.current = { text: (event.timeStamp - atMs < typingMs ? text : "") + event.key, atMs: event.timeStamp };
      const found = rowOfTyping(typing.current.text, shown, index);
      // No row begins so: the key may mean something to the page.
      if (found === null) return;
      focusRow(element, found);
    } else if (event.key !== "+" && event.key !== "-" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onClick = (event: React.MouseEvent): void => {
    const permission = rowElement(event.target)?.dataset["permission"];
    const at = shown.find(({ row }) => row.permission === permission);
    if (at === undefined) return;
    const act = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset["act"] as RowAct | undefined;
    if (act === "toggle") toggle(at.row.permission);
    else if (act === "grant") onStep(at.row, granting(at.row, scope));
    else if (act === "deny") onStep(at.row, denying(at.row, scope));
    // A button that is disabled is not the body of its row.
    else if (!readOnly && (event.target as Element).closest("button") === null) onStep(at.row, toggled(at.row, scope));
  };
  return (
    <>
      <div className={classes.bar}>
        <button type="button" className={classes.button} onClick={() => setOpened(isAll ? firstOpen(rows) : new Set(branches))}>
          {t(isAll ? roleTexts.collapse : roleTexts.expandAll)}
        </button>
        <span className={classes.keys}>{t(roleTexts.keys)}</span>
      </div>
      {shown.length === 0 ? (
        <p className="soft">{t(roleTexts.noMatch)}</p>
      ) : (
        <div className={classes.scroller}>
          <div
            role="treegrid"
            aria-label={label}
            aria-colcount={1}
            onKeyDown={onKeyDown}
            onClick={onClick}
            onFocus={(event) => setCurrent(rowElement(event.target)?.dataset["permission"] ?? null)}
          >
            {shown.map((one, index) => (
              <Row key={one.row.permission} {...one} isCurrent={index === place} readOnly={readOnly} />
            ))}
          </div>
        </div>
      )}
    </>
  );
};

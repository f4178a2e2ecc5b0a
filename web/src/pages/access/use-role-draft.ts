/** A role while it is edited: its history of steps, which survives a reload in the tab's own storage and goes when the editor is left (D82). */
import { useMemo, useState } from "react";
import { doStep, isChanged, openHistory, readHistory, saveHistory, type DraftHistory } from "#access/role-draft-history.ts";
import type { DraftStep, RoleDraft } from "#access/role-draft.ts";
import type { Problem } from "#kernel/problem.ts";
import { readTab } from "#web/api/local.ts";
import { draftKey, useTabDraft } from "#web/components/use-tab-draft.ts";

export interface RoleEditing {
  readonly history: DraftHistory;
  readonly changed: boolean;
  /** It was begun before the page was loaded. */
  readonly resumed: boolean;
  /** Null: done. */
  readonly step: (step: DraftStep) => Problem | null;
  readonly set: (history: DraftHistory) => void;
}

export const useRoleDraft = (draft: RoleDraft, stored: { readonly id: string; readonly revision: number } | null): RoleEditing => {
  const [key] = useState(() => draftKey("role", stored?.id ?? "new"));
  const [begun] = useState(() => {
    const saved = readTab(key);
    const read = saved === null ? null : readHistory(saved);
    // SECURITY: what stands in the storage is checked and replayed; what does not fit is dropped (`role-draft-history.ts`).
    return read !== null && read.ok && read.value.roleId === (stored?.id ?? null) ? read.value : null;
  });
  const [history, set] = useState(() => begun ?? openHistory(draft, stored));
  const kept = useMemo(() => (history.entries.length === 0 ? null : saveHistory(history)), [history]);
  useTabDraft(key, kept);
  return {
    history,
    changed: isChanged(history),
    resumed: begun !== null,
    step: (step) => {
      const next = doStep(history, step);
      if (!next.ok) return next.problem;
      set(next.value);
      return null;
    },
    set,
  };
};

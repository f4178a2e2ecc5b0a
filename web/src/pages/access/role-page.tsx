/** One role in its editor: tree, list and text in step, undo and redo, consequences before saving, and what somebody else saved meanwhile. */
import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useId, useMemo, useState } from "react";
import { newDraft, scopeOf, type DraftStep, type RoleDraft, type StepLabel } from "#access/role-draft.ts";
import { rebaseHistory, redo, redoLabel, undo, undoLabel } from "#access/role-draft-history.ts";
import { treeOf } from "#access/role-draft-tree.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";
import { ApiProblem } from "#web/api/api-problem.ts";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import { ActionButton, allowedBy, type Allowed } from "#web/components/action-button.tsx";
import { Sentence } from "#web/components/engine-text.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { notify } from "#web/components/notify.ts";
import { policyChanged } from "#web/components/policy-changed.ts";
import { Page, Section } from "#web/components/page.tsx";
import { EmptyState, Loaded } from "#web/components/states.tsx";
import { UnsavedGuard } from "#web/components/unsaved-guard.tsx";
import { roleTexts } from "#web/i18n/texts/access.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { draftTexts, wordTexts } from "#web/i18n/texts/words.ts";
import { PermissionTree } from "#web/pages/access/permission-tree.tsx";
import { RoleConflict } from "#web/pages/access/role-conflict.tsx";
import { RoleEntries, RoleFolders } from "#web/pages/access/role-entries.tsx";
import { RoleReview } from "#web/pages/access/role-review.tsx";
import { RoleTextEditor } from "#web/pages/access/role-text-editor.tsx";
import { definitionOf, draftOfAnswer, type RoleAnswer } from "#web/pages/access/roles.ts";
import type { RoleSearch } from "#web/pages/access/route.ts";
import { stepWords } from "#web/pages/access/draft-words.ts";
import { useRoleDraft } from "#web/pages/access/use-role-draft.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import { newRole, roleQuery } from "#web/pages/access/queries.ts";
import classes from "#web/pages/access/access.module.css";

const pageRoute = getRouteApi("/access/roles/$role");
const manageAccounts = "manager:administration:accounts:manage";

type Stored = RoleAnswer & { readonly holders: readonly string[] };

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, .cm-editor") !== null);

/** Controllers of the role as tabs, and adding or removing one (D85, D86). */
const ScopeTabs = ({
  draft,
  scope,
  readOnly,
  onChoose,
  onStep,
}: {
  readonly draft: RoleDraft;
  readonly scope: string;
  readonly readOnly: boolean;
  readonly onChoose: (scope: string) => void;
  readonly onStep: (step: DraftStep) => boolean;
}): React.ReactElement => {
  const t = useText();
  const [name, setName] = useState("");
  return (
    <div className={classes.scopes}>
      <div role="group" aria-label={t(roleTexts.scopes)} className={classes.scopeList}>
        {draft.scopes.map(({ controller }) => (
          <button
            key={controller}
            type="button"
            className={classes.scope}
            aria-pressed={controller === scope}
            onClick={() => onChoose(controller)}
          >
            {controller === "default" ? t(roleTexts.allControllers) : controller}
          </button>
        ))}
      </div>
      {readOnly ? null : (
        <form
          className={classes.adding}
          onSubmit={(event) => {
            event.preventDefault();
            const controller = name.trim();
            if (onStep({ step: "add-controller", controller })) {
              onChoose(controller);
              setName("");
            }
          }}
        >
          <TextInput
            size="xs"
            aria-label={t(roleTexts.controllerName)}
            placeholder={t(roleTexts.controllerName)}
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" variant="default" disabled={name.trim() === ""}>
            {t(roleTexts.addController)}
          </Button>
          {scope === "default" ? null : (
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                if (onStep({ step: "remove-controller", controller: scope })) onChoose("default");
              }}
            >
              {t(roleTexts.removeController, { controller: scope })}
            </Button>
          )}
        </form>
      )}
    </div>
  );
};

const RoleEditor = ({ stored, first }: { readonly stored: Stored | null; readonly first: RoleDraft }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const navigate = pageRoute.useNavigate();
  const search = pageRoute.useSearch();
  const { scope: wantedScope = "default", q = "", side } = search;
  /** The address with one parameter set; undefined: without it. */
  const withSearch = <K extends keyof RoleSearch>(name: K, value: RoleSearch[K] | undefined): RoleSearch => {
    const rest = Object.fromEntries(Object.entries(search).filter(([key]) => key !== name)) as RoleSearch;
    return value === undefined ? rest : { ...rest, [name]: value };
  };
  const editing = useRoleDraft(first, stored);
  const { history, changed, step, set } = editing;
  const draft = history.current;
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  const readOnly = allowed?.allowed !== true;
  const [said, setSaid] = useState<{ readonly text: string; readonly bad: boolean } | null>(null);
  const [opened, setOpened] = useState<"review" | "delete" | "duplicate" | null>(null);
  const [copyName, setCopyName] = useState("");
  const saidId = useId();

  const scope = scopeOf(draft, wantedScope) === undefined ? "default" : wantedScope;
  const part = scopeOf(draft, scope) ?? { controller: "default", permissions: [], folders: [] };
  const rows = useMemo(() => treeOf(draft, scope), [draft, scope]);
  const choose = (next: string): void =>
    void navigate({ search: withSearch("scope", next === "default" ? undefined : next), replace: true });

  const onStep = (next: DraftStep): boolean => {
    const problem = step(next);
    setSaid(problem === null ? null : { text: `${problem.message}. ${problem.hint}`, bad: true });
    return problem === null;
  };
  const words: Readonly<Record<string, string>> = {
    grant: t(roleTexts.granted),
    deny: t(roleTexts.denied),
    clear: t(roleTexts.unassigned),
  };
  const wordsOf = (label: StepLabel | null): string | null => (label === null ? null : stepWords(label, t).replaceAll("`", ""));
  const undoing = wordsOf(undoLabel(history));
  const redoing = wordsOf(redoLabel(history));
  const undoLast = (): void => {
    if (undoing === null) return;
    set(undo(history));
    setSaid({ text: t(roleTexts.undone, { step: undoing }), bad: false });
  };
  const redoNext = (): void => {
    if (redoing === null) return;
    set(redo(history));
    setSaid({ text: t(roleTexts.redone, { step: redoing }), bad: false });
  };
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    // Fields and the text editor have an undo of their own.
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTextField(event.target) || opened !== null) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undoLast();
    else if (key === "y" || (key === "z" && event.shiftKey)) redoNext();
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);

  const saving = useAct({
    mutationFn: async (sure: boolean) => {
      const body = { definition: definitionOf(draft), confirm: sure };
      return stored === null
        ? await call("POST /api/v1/roles", { body })
        : await call("PUT /api/v1/roles/{role}", { path: { role: stored.id }, body: { ...body, revision: history.revision } });
    },
    onSuccess: async ({ role, notices }) => {
      setOpened(null);
      notify({
        tone: "good",
        title: t(role === null ? roleTexts.savedAway : roleTexts.saved, { name: draft.name }),
        text: [...new Set(notices.map(({ text }) => text))].join(" · "),
      });
      if (role === null || stored === null) {
        // Nothing is unsaved any more, so leaving asks nothing.
        set({ ...history, base: draft });
        await policyChanged(queries);
        await navigate(role === null ? { to: "/access" } : { to: "/access/roles/$role", params: { role: role.id }, replace: true });
        return;
      }
      const saved = draftOfAnswer(role) ?? draft;
      set(rebaseHistory(history, saved, { id: role.id, revision: role.revision }, { draft: saved, key: "save" }));
      queries.setQueryData(["roles", role.id], { ...stored, ...role });
      await policyChanged(queries);
    },
    onError: async (error) => {
      if (!(error instanceof ApiProblem) || error.code !== "identity.revision-conflict") return;
      setOpened(null);
      await queries.invalidateQueries({ queryKey: ["roles"] });
    },
  });

  const theirs = useMemo(() => (stored === null ? null : draftOfAnswer(stored)), [stored]);
  const isConflict = stored !== null && theirs !== null && changed && history.revision !== null && stored.revision > history.revision;
  useEffect(() => {
    // Nothing of mine is unsaved: what is stored now is simply shown.
    if (stored === null || theirs === null || changed || history.revision === null || stored.revision <= history.revision) return;
    set(rebaseHistory(history, theirs, stored, { draft: theirs, key: "merge" }));
  }, [stored, theirs, changed, history, set]);

  const toSave: Allowed | null =
    allowed?.allowed !== true
      ? allowed
      : isConflict
        ? { allowed: false, reason: t(roleTexts.conflictFirst) }
        : draft.name === ""
          ? { allowed: false, reason: t(roleTexts.nameFirst) }
          : changed || stored === null
            ? allowed
            : { allowed: false, reason: t(roleTexts.nothingToSave) };
  const question = { permission: manageAccounts };
  return (
    <Page
      title={stored === null ? t(roleTexts.newRole) : t(roleTexts.role, { name: stored.name })}
      about={
        stored === null ? (
          t(roleTexts.newAbout)
        ) : (
          <>
            {t(wordTexts.revisionOf, { revision: stored.revision })} ·{" "}
            <Link to="/access/assignments" search={{ role: stored.name }}>
              {t(roleTexts.holders, { count: stored.holders.length })}
            </Link>
          </>
        )
      }
      actions={
        <>
          <Button
            size="xs"
            variant="default"
            disabled={undoing === null}
            title={undoing ?? undefined}
            aria-keyshortcuts="Control+Z"
            onClick={undoLast}
          >
            {t(roleTexts.undo)}
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={redoing === null}
            title={redoing ?? undefined}
            aria-keyshortcuts="Control+Shift+Z"
            onClick={redoNext}
          >
            {t(roleTexts.redo)}
          </Button>
          {stored === null ? null : (
            <>
              <ActionButton allowed={allowed} question={question} onClick={() => setOpened("duplicate")}>
                {t(wordTexts.duplicate)}
              </ActionButton>
              <ActionButton allowed={allowed} question={question} onClick={() => setOpened("delete")}>
                {t(wordTexts.delete)}
              </ActionButton>
            </>
          )}
          <ActionButton allowed={toSave} {...(readOnly ? { question } : {})} variant="filled" onClick={() => setOpened("review")}>
            {t(roleTexts.save)}
          </ActionButton>
        </>
      }
      parts={<AccessTabs within="/access" />}
    >
      <UnsavedGuard dirty={changed && !saving.isPending} />
      {editing.resumed ? <p className={classes.warning}>{t(draftTexts.resumed)}</p> : null}
      {isConflict ? (
        <RoleConflict
          key={stored.revision}
          history={history}
          theirs={theirs}
          stored={stored}
          onMerged={(next) => {
            set(next);
            setSaid({ text: t(roleTexts.takenIn), bad: false });
          }}
        />
      ) : null}
      <p id={saidId} role="status" className={said === null ? "visually-hidden" : classes.said} data-bad={said?.bad}>
        {said === null ? null : said.bad ? <Sentence text={said.text} /> : said.text}
      </p>
      <div className={classes.editor}>
        <Section title={t(wordTexts.permissions)}>
          <div className={classes.fields}>
            <TextInput
              size="xs"
              label={t(roleTexts.name)}
              maxLength={200}
              readOnly={readOnly}
              key={draft.name}
              defaultValue={draft.name}
              onBlur={(event) => {
                const name = event.currentTarget.value.trim();
                if (name !== draft.name && !readOnly && !onStep({ step: "rename", name })) event.currentTarget.value = draft.name;
              }}
              onKeyDown={(event) => {
                if (event.key === "Enter") event.currentTarget.blur();
              }}
            />
            <TextInput
              size="xs"
              type="search"
              label={t(wordTexts.findPermission)}
              data-page-filter
              value={q}
              maxLength={200}
              onChange={({ currentTarget: { value } }) =>
                void navigate({ search: withSearch("q", value === "" ? undefined : value), replace: true })
              }
            />
          </div>
          <ScopeTabs draft={draft} scope={scope} readOnly={readOnly} onChoose={choose} onStep={onStep} />
          <PermissionTree
            key={scope}
            label={t(roleTexts.treeOf, { scope: scope === "default" ? t(roleTexts.allControllers) : scope })}
            rows={rows}
            scope={scope}
            words={q}
            readOnly={readOnly}
            onStep={(row, next) => {
              if (!onStep(next)) return;
              const after = next.step === "switch" ? (row.own === "granted" ? words["deny"] : words["grant"]) : words[next.step];
              setSaid({ text: t(roleTexts.stepDone, { permission: row.permission, state: after ?? "" }), bad: false });
            }}
          />
        </Section>
        <div className={classes.besides}>
          <div role="group" aria-label={t(roleTexts.views)} className={classes.scopeList}>
            {(["list", "text"] as const).map((view) => (
              <button
                key={view}
                type="button"
                className={classes.scope}
                aria-pressed={(side ?? "list") === view}
                onClick={() => void navigate({ search: withSearch("side", view === "list" ? undefined : view), replace: true })}
              >
                {t(view === "list" ? roleTexts.asList : roleTexts.asText)}
              </button>
            ))}
          </div>
          {side === "text" ? (
            <Section title={t(roleTexts.text)}>
              <RoleTextEditor draft={draft} readOnly={readOnly} onStep={onStep} />
            </Section>
          ) : (
            <>
              <Section title={t(roleTexts.entries)}>
                <RoleEntries key={scope} scope={part} readOnly={readOnly} onStep={onStep} />
              </Section>
              <Section title={t(wordTexts.folders)} aside={t(roleTexts.foldersAbout)}>
                <RoleFolders
                  key={scope}
                  scope={part}
                  readOnly={readOnly}
                  onStep={onStep}
                  first={part.folders.length === 0 && (scopeOf(draft, "default")?.folders.length ?? 0) === 0}
                />
              </Section>
            </>
          )}
        </div>
      </div>
      {opened === "review" ? (
        <RoleReview
          roleId={stored?.id ?? null}
          base={history.base}
          draft={draft}
          saving={saving.isPending}
          error={saving.error}
          onSave={(sure) => saving.mutate(sure)}
          onClose={() => {
            saving.reset();
            setOpened(null);
          }}
        />
      ) : null}
      {stored === null ? null : (
        <>
          <ConfirmDialog
            opened={opened === "delete"}
            onClose={() => setOpened(null)}
            title={t(roleTexts.deleteTitle, { name: stored.name })}
            effect={t(roleTexts.deleteEffect, { count: stored.holders.length })}
            action={t(wordTexts.delete)}
            {...(stored.holders.length === 0 ? {} : { typed: stored.name })}
            act={async (sure) => {
              await call("DELETE /api/v1/roles/{role}", {
                path: { role: stored.id },
                query: { confirm: sure ? "true" : "false", revision: stored.revision },
              });
              set({ ...history, base: draft });
              notify({ tone: "good", title: t(roleTexts.deleted, { name: stored.name }) });
              await navigate({ to: "/access", ignoreBlocker: true });
              queries.removeQueries({ queryKey: ["roles", stored.id] });
              await policyChanged(queries);
            }}
          />
          <ConfirmDialog
            opened={opened === "duplicate"}
            onClose={() => setOpened(null)}
            title={t(roleTexts.duplicateTitle, { name: stored.name })}
            effect={t(roleTexts.duplicateEffect)}
            action={t(wordTexts.duplicate)}
            mild
            ready={copyName.trim() !== ""}
            act={async () => {
              const { role } = await call("POST /api/v1/roles/{role}/duplicate", {
                path: { role: stored.id },
                body: { name: copyName.trim() },
              });
              await policyChanged(queries);
              if (role !== null) await navigate({ to: "/access/roles/$role", params: { role: role.id } });
            }}
          >
            <TextInput
              mt="sm"
              label={t(roleTexts.copyName)}
              value={copyName}
              maxLength={200}
              onChange={(event) => setCopyName(event.currentTarget.value)}
              data-autofocus
            />
          </ConfirmDialog>
        </>
      )}
    </Page>
  );
};

const StoredRole = ({ role }: { readonly role: Stored }): React.ReactElement => {
  const t = useText();
  const [draft] = useState(() => draftOfAnswer(role));
  if (draft === null)
    return (
      <Page title={t(roleTexts.role, { name: role.name })} parts={<AccessTabs within="/access" />}>
        <EmptyState title={t(roleTexts.unreadable)} hint={<code>{role.yaml}</code>} />
      </Page>
    );
  return <RoleEditor stored={role} first={draft} />;
};

const RolePage = (): React.ReactElement => {
  const t = useText();
  const { role } = pageRoute.useParams();
  const isNew = role === newRole;
  const query = useQuery({ ...roleQuery(role), enabled: !isNew, refetchInterval: 30_000 });
  if (isNew) return <RoleEditor key="new" stored={null} first={newDraft(initialServiceName, "")} />;
  if (query.data !== undefined) return <StoredRole key={query.data.id} role={query.data} />;
  return (
    <Page title={t(wordTexts.roles)} parts={<AccessTabs within="/access" />}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/roles/$role")({ component: RolePage });

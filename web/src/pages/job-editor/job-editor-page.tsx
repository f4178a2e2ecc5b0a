/**
 * Editing a job: form and text side by side, checked by the manager while one types, saved against the revision that one began with. As whom a
 * job runs is never changed by the way: such a change is shown and asked about before it is saved.
 */
import { Button, Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, useNavigate } from "@tanstack/react-router";
import type { CompletionSource } from "@codemirror/autocomplete";
import { useMemo, useState } from "react";
import { ApiProblem, asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { HintText, Sentence } from "#web/components/engine-text.tsx";
import { jobParams } from "#web/components/job-link.tsx";
import { LazyCodeDiff } from "#web/components/lazy-code-diff.tsx";
import { LazyCodeEditor } from "#web/components/lazy-code-editor.tsx";
import type { CodeProblem } from "#web/components/code-editor.tsx";
import { notify } from "#web/components/notify.ts";
import { Page } from "#web/components/page.tsx";
import { LoadingState, ProblemNote, ProblemState } from "#web/components/states.tsx";
import { UnsavedGuard } from "#web/components/unsaved-guard.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { jobEditorTexts } from "#web/i18n/texts/job-editor.ts";
import { jobTexts } from "#web/i18n/texts/jobs.ts";
import { draftKey, useTabDraft } from "#web/components/use-tab-draft.ts";
import { readTab } from "#web/api/local.ts";
import { draftTexts } from "#web/i18n/texts/words.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { logTexts } from "#web/i18n/texts/log.ts";
import { JobForm } from "#web/pages/job-editor/job-form.tsx";
import { identityOf, newJobText, readFields, writeField, writeForm, type JobFields } from "#web/pages/job-editor/job-text.ts";
import { meaningAt, offersAt, placeAt, type JsonSchema } from "#web/pages/job-editor/schema-help.ts";
import classes from "#web/pages/job-editor/job-editor.module.css";

type Job = Schemas["Job"];

interface Found {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
  /** Of the field it is about, if of one. */
  readonly path: string | null;
}

/** A refusal and those told with it. */
const foundIn = (problem: ApiProblem): readonly Found[] => {
  const one = (given: { code?: unknown; detail?: unknown; message?: unknown; hint?: unknown; at?: unknown }): Found => {
    const at = (given.at ?? {}) as { line?: number; column?: number; path?: string };
    return {
      code: typeof given.code === "string" ? given.code : problem.code,
      line: at.line ?? 1,
      column: at.column ?? 1,
      message: String(given.detail ?? given.message ?? ""),
      hint: typeof given.hint === "string" ? given.hint : "",
      path: at.path ?? null,
    };
  };
  const { body } = problem;
  return body === null ? [one({ message: problem.message, hint: problem.hint })] : [one(body), ...(body.also ?? []).map(one)];
};

const schemaQuery = {
  queryKey: ["schemas", "job"],
  queryFn: ({ signal }: { signal: AbortSignal }) => call("GET /api/v1/schemas/job", {}, { signal }) as Promise<JsonSchema>,
  staleTime: Number.POSITIVE_INFINITY,
};

const completionOf =
  (schema: JsonSchema): CompletionSource =>
  (context) => {
    const place = placeAt(context.state.doc.toString(), context.pos);
    const typed = context.pos > place.from;
    if (!typed && !context.explicit) return null;
    const options = offersAt(schema, place).map(({ label, detail, isField }) => ({
      label,
      ...(detail === "" ? {} : { info: detail }),
      apply: isField ? `${label}: ` : label,
      type: isField ? "property" : "enum",
    }));
    return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w.-]*$/ };
  };

/** What is edited: a job that is there, or a new one. */
interface Begin {
  readonly text: string;
  /** 0: new. */
  readonly revision: number;
  /** Null: new. */
  readonly job: Job | null;
}

/** The most that is kept of what is not saved: a tab's storage is small, and writing it takes as long as it is large. */
const mostKept = 1_000_000;

/** As `useTabDraft` kept it: the revision that it was begun from, in the first line, and the text. */
const readDraft = (kept: string | null): { readonly revision: number; readonly text: string } | null => {
  const [, revision, text] = /^(\d{1,15})\n([^]*)$/.exec(kept ?? "") ?? [];
  return revision === undefined || text === undefined ? null : { revision: Number(revision), text };
};

const Editor = ({
  begin,
  name,
}: {
  readonly begin: Begin;
  /** What its draft is kept under. */ readonly name: string;
}): React.ReactElement => {
  const t = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [key] = useState(() => draftKey("job", name));
  const [resumed] = useState(() => readDraft(readTab(key)));
  const [text, setText] = useState(resumed?.text ?? begin.text);
  // What others saved since the draft was begun is a conflict, and not written over.
  const [base, setBase] = useState(resumed === null ? begin : { ...begin, revision: resumed.revision });
  const [saving, setSaving] = useState<"no" | "saving" | "asking" | "saved">("no");
  const [failure, setFailure] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<Job | "deleted" | null>(null);
  const schema = useQuery(schemaQuery).data;
  const complete = useMemo(() => (schema === undefined ? undefined : completionOf(schema)), [schema]);
  const hover = useMemo(
    () => (schema === undefined ? undefined : (content: string, position: number) => meaningAt(schema, content, position)),
    [schema],
  );
  const read = useMemo(() => readFields(text), [text]);
  /** The last fields that could be read: the form keeps showing them while the text is broken. */
  const [shown, setShown] = useState<JobFields | null>(read.ok ? read.fields : null);
  if (read.ok && shown !== read.fields) setShown(read.fields);
  const path = read.ok ? read.fields.path : "";
  const isNew = base.job === null;
  const isDirty = text !== base.text && saving !== "saved";

  const [asked] = useDebouncedValue(text, 350);
  useTabDraft(key, asked === base.text || asked.length > mostKept || saving === "saved" ? null : `${base.revision}\n${asked}`);
  const check = useQuery({
    queryKey: ["job-check", base.revision, asked],
    enabled: readFields(asked).ok,
    queryFn: async ({ signal }) => {
      try {
        const body = { documents: asked, dryRun: true, expectedRevisions: path === "" ? {} : { [path]: base.revision } };
        const answer = await call("POST /api/v1/definitions", { body }, { signal, background: true });
        return { results: answer.results, problem: null };
      } catch (error) {
        const problem = asProblem(error);
        if (signal.aborted || problem.status <= 0) throw error;
        return { results: [], problem };
      }
    },
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const isCurrent = asked === text && !check.isPlaceholderData && !check.isFetching;
  const unsorted: readonly Found[] = !read.ok
    ? read.problems.map((one) => ({ ...one, code: "input.malformed-yaml", hint: "", path: null }))
    : check.data?.problem === null || check.data === undefined
      ? []
      : foundIn(check.data.problem);
  const found = unsorted.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
  const problems: readonly CodeProblem[] = useMemo(
    () => found.map(({ line, column, message }) => ({ line, column, message, severity: "error" as const })),
    // The list is made anew at each drawing; what it says is what counts.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
    [JSON.stringify(found)],
  );
  const [result] = check.data?.results ?? [];
  const before = useMemo(() => {
    const now = readFields(base.text);
    return now.ok ? now.fields : null;
  }, [base.text]);
  const words = (fields: JobFields): string =>
    fields.as === "agent"
      ? t(wordTexts.asAgent)
      : fields.as === "credential"
        ? t(jobTexts.asKey, { key: fields.credential })
        : t(jobEditorTexts.asOther);
  const identity =
    isNew || before === null || !read.ok || identityOf(before) === identityOf(read.fields)
      ? null
      : { from: words(before), to: words(read.fields) };

  const save = async (revision: number): Promise<void> => {
    setSaving("saving");
    setFailure(null);
    try {
      const answer = await call("POST /api/v1/definitions", { body: { documents: text, expectedRevisions: { [path]: revision } } });
      const [one] = answer.results;
      setSaving("saved");
      await Promise.all([queries.invalidateQueries({ queryKey: ["job"] }), queries.invalidateQueries({ queryKey: ["jobs"] })]);
      notify({ tone: "good", title: t(jobEditorTexts.saved, { job: one?.name ?? path, revision: String(one?.revision ?? "") }) });
      await navigate({ to: "/jobs/$", params: jobParams(one?.name ?? path), ignoreBlocker: true });
    } catch (error) {
      setSaving("no");
      if (error instanceof ApiProblem && error.code === "jobs.revision-conflict") {
        try {
          setTheirs(await call("GET /api/v1/jobs/{*}", { path: { "*": path.slice(1) }, query: {} }));
        } catch {
          setTheirs("deleted");
        }
      } else setFailure(error);
    }
  };
  const wantsSave = (): void => {
    if (!read.ok || saving !== "no" || (!isDirty && !isNew)) return;
    if (identity !== null) setSaving("asking");
    else void save(base.revision);
  };
  const leave = (): void =>
    void (base.job === null ? navigate({ to: "/jobs" }) : navigate({ to: "/jobs/$", params: jobParams(base.job.path) }));
  const problemOf = (field: string): React.ReactNode => {
    const wrong = isCurrent ? found.find((one) => one.path === field || one.path?.replaceAll(/\[(\d+)\]/g, ".$1") === field) : undefined;
    return wrong === undefined ? undefined : <Sentence text={wrong.message} />;
  };

  return (
    <Page
      title={isNew ? t(wordTexts.newJob) : t(jobEditorTexts.titleEdit, { job: base.job?.path ?? "" })}
      about={t(jobEditorTexts.about)}
      fill
      actions={
        <>
          <Button size="xs" variant="default" onClick={leave}>
            {t(commonTexts.cancel)}
          </Button>
          <Button size="xs" loading={saving === "saving"} disabled={!read.ok || (!isDirty && !isNew)} onClick={wantsSave}>
            {t(commonTexts.save)}
          </Button>
        </>
      }
    >
      <UnsavedGuard dirty={isDirty} />
      {resumed === null ? null : <p className={classes.resumed}>{t(draftTexts.resumed)}</p>}
      {identity === null ? null : (
        <div className={classes.identity} role="status">
          <p>
            <strong>{t(jobEditorTexts.identityTitle)}</strong>
          </p>
          <p>{t(jobEditorTexts.identityText, identity)}</p>
        </div>
      )}
      <ProblemNote error={failure} />
      <div className={classes.panes}>
        <section className={`${classes.pane} ${classes.formPane}`} aria-label={t(jobEditorTexts.form)}>
          {read.ok ? null : (
            <p className={classes.bad} role="status">
              {t(jobEditorTexts.textBroken)}
            </p>
          )}
          {shown === null ? null : (
            <fieldset disabled={!read.ok} style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
              <JobForm
                fields={shown}
                pathFixed={!isNew}
                problemOf={problemOf}
                onChange={(name, value) => setText(writeForm(text, shown, name, value))}
              />
            </fieldset>
          )}
        </section>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Ctrl S, from anywhere in it */}
        <section
          className={`${classes.pane} ${classes.textPane}`}
          aria-label={t(wordTexts.yaml)}
          onKeyDown={(event) => {
            if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            wantsSave();
          }}
        >
          <div style={{ flex: 1, minHeight: 0 }}>
            <LazyCodeEditor
              label={t(jobEditorTexts.text)}
              value={text}
              onChange={setText}
              problems={problems}
              {...(complete === undefined ? {} : { complete })}
              {...(hover === undefined ? {} : { hover })}
            />
          </div>
          <div className={classes.told} role="status">
            {found.length > 0 ? (
              <>
                <p className={classes.bad}>{t(jobEditorTexts.problems, { count: found.length })}</p>
                <ul>
                  {found.map(({ line, code, message, hint }) => (
                    <li key={`${line} ${message}`}>
                      {t(logTexts.line, { line: String(line) })}: <Sentence text={message} />
                      {hint === "" ? null : (
                        <>
                          {" "}
                          (<HintText code={code} hint={hint} />)
                        </>
                      )}
                    </li>
                  ))}
                </ul>
              </>
            ) : !isCurrent ? (
              <p className="soft">{t(jobEditorTexts.checking)}</p>
            ) : check.isError ? (
              <ProblemNote error={check.error} />
            ) : result?.change === "unchanged" ? (
              <p className="soft">{t(jobEditorTexts.unchanged)}</p>
            ) : (
              <p className="soft">{t(jobEditorTexts.fine, { revision: String(result?.revision ?? "") })}</p>
            )}
            {(result?.notices.length ?? 0) > 0 && isCurrent ? (
              <>
                <p>{t(jobEditorTexts.notices)}</p>
                <ul>
                  {result?.notices.map((notice) => (
                    <li key={notice}>
                      <Sentence text={notice} />
                    </li>
                  ))}
                </ul>
              </>
            ) : null}
          </div>
        </section>
      </div>
      <ConfirmDialog
        opened={saving === "asking"}
        onClose={() => setSaving((now) => (now === "asking" ? "no" : now))}
        title={t(jobEditorTexts.identityTitle)}
        action={t(jobEditorTexts.saveWithIdentity)}
        effect={<p>{identity === null ? "" : t(jobEditorTexts.identityText, identity)}</p>}
        act={() => save(base.revision)}
      />
      <Modal
        opened={theirs !== null}
        onClose={() => setTheirs(null)}
        size="xl"
        title={t(jobEditorTexts.conflictTitle)}
        closeButtonProps={{ "aria-label": t(commonTexts.close) }}
      >
        {theirs === null ? null : theirs === "deleted" ? (
          <>
            <p>{t(jobEditorTexts.conflictDeleted)}</p>
            <Button size="xs" onClick={() => (setTheirs(null), void save(0))}>
              {t(jobEditorTexts.saveOver)}
            </Button>
          </>
        ) : (
          <>
            <p>
              {t(jobEditorTexts.conflictText, { mine: String(base.revision), name: theirs.authorName, theirs: String(theirs.revision) })}
            </p>
            <LazyCodeDiff label={t(jobEditorTexts.conflictTitle)} before={theirs.source ?? theirs.yaml} after={text} />
            <p>
              <Button size="xs" variant="default" onClick={() => (setTheirs(null), void save(theirs.revision))}>
                {t(jobEditorTexts.saveOver)}
              </Button>{" "}
              <Button
                size="xs"
                onClick={() => {
                  const taken = theirs.source ?? theirs.yaml;
                  setBase({ text: taken, revision: theirs.revision, job: theirs });
                  setText(taken);
                  setTheirs(null);
                }}
              >
                {t(jobEditorTexts.takeTheirs)}
              </Button>
            </p>
          </>
        )}
      </Modal>
    </Page>
  );
};

const editRoute = getRouteApi("/edit-job/$");
const newRoute = getRouteApi("/new-job");

/** The job as it stands when the editor is opened; what comes later is a conflict, not a surprise. */
const useOpened = (path: string | undefined) =>
  useQuery({
    queryKey: ["job", path, "opened"],
    enabled: path !== undefined,
    queryFn: ({ signal }) => call("GET /api/v1/jobs/{*}", { path: { "*": (path ?? "").slice(1) }, query: {} }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

const EditJobPage = (): React.ReactElement => {
  const t = useText();
  const path = `/${editRoute.useParams()._splat ?? ""}`;
  const query = useOpened(path);
  const [begin, setBegin] = useState<Begin | null>(null);
  if (query.data !== undefined && begin?.job?.path !== path)
    setBegin({ text: query.data.source ?? query.data.yaml, revision: query.data.revision, job: query.data });
  if (begin?.job?.path === path) return <Editor key={path} begin={begin} name={path} />;
  return (
    <Page title={t(jobEditorTexts.titleEdit, { job: path })}>
      {query.isError ? <ProblemState error={query.error} retry={() => void query.refetch()} /> : <LoadingState />}
    </Page>
  );
};

const NewJobPage = (): React.ReactElement => {
  const t = useText();
  const { folder, from } = newRoute.useSearch();
  const query = useOpened(from);
  if (from === undefined)
    return (
      <Editor
        name="new"
        begin={{ text: newJobText(`${folder === undefined || folder === "/" ? "" : folder}/new-job`), revision: 0, job: null }}
      />
    );
  if (query.data !== undefined)
    return (
      <Editor
        key={from}
        name={`copy of ${from}`}
        begin={{ text: writeField(query.data.source ?? query.data.yaml, ["path"], `${from}-copy`), revision: 0, job: null }}
      />
    );
  return (
    <Page title={t(wordTexts.newJob)}>
      {query.isError ? <ProblemState error={query.error} retry={() => void query.refetch()} /> : <LoadingState />}
    </Page>
  );
};

export const lazyEditRoute = createLazyRoute("/edit-job/$")({ component: EditJobPage });
export const lazyNewRoute = createLazyRoute("/new-job")({ component: NewJobPage });

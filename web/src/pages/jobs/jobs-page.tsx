/** Jobs: folders with honest counts, the list, and running one without leaving it. */
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { createLazyRoute, getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMayAnywhere } from "#web/api/access.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy, allowedByHint } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { jobParams, ShortPath } from "#web/components/job-link.tsx";
import { LazyRunDialog } from "#web/components/lazy-run-dialog.tsx";
import { Page } from "#web/components/page.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { opensDialog, useCloseDialog } from "#web/components/use-address-dialog.ts";
import { useList } from "#web/components/use-list.ts";
import { createPermission } from "#web/components/run-queries.ts";
import { jobsTexts } from "#web/i18n/texts/jobs.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts, paletteTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { FolderTree } from "#web/pages/jobs/folder-tree.tsx";
import { jobsQuery } from "#web/pages/jobs/queries.ts";
import type { JobsSearch } from "#web/pages/jobs/route.ts";
import classes from "#web/pages/jobs/jobs.module.css";

type Job = Schemas["JobSummary"];

const pageRoute = getRouteApi("/jobs/");

const JobsPage = (): React.ReactElement => {
  const t = useText();
  const search = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const goTo = useNavigate();
  const { folder = "/", q, run } = search;
  const change = (changed: Partial<JobsSearch>): void => {
    const next = Object.fromEntries(Object.entries({ ...search, ...changed }).filter(([, value]) => value !== undefined));
    void navigate({ search: next, replace: true });
  };
  const close = useCloseDialog();
  const later = useDebouncedCallback((text: string) => change({ q: text.trim() === "" ? undefined : text.trim() }), 250);
  const list = useList(jobsQuery(search));
  const mayMake = useMayAnywhere("manager:inventory:manage");
  const columns: readonly Column<Job>[] = [
    {
      id: "path",
      header: t(wordTexts.job),
      cell: (job) => (
        <Link to="/jobs/$" params={jobParams(job.path)} aria-label={job.path} title={job.path}>
          <ShortPath path={job.path} below={folder} />
        </Link>
      ),
    },
    { id: "title", header: t(wordTexts.title), from: 760, cell: (job) => job.title ?? "" },
    { id: "author", header: t(jobsTexts.author), from: 900, width: 150, cell: (job) => job.authorName },
    { id: "revision", header: t(wordTexts.revision), from: 900, width: 80, align: "right", cell: (job) => job.revision },
    { id: "changed", header: t(wordTexts.changed), from: 560, width: 120, cell: (job) => <Ago at={job.updatedAt} /> },
    {
      id: "run",
      header: t(paletteTexts.actions),
      width: 112,
      cell: (job) => (
        <ActionButton
          size="compact-xs"
          allowed={allowedByHint(job.may?.[createPermission])}
          question={{ permission: createPermission, on: job.path, controller: "main" }}
          onClick={() => void navigate({ search: { ...search, run: job.path }, state: opensDialog })}
        >
          {t(wordTexts.run)}
        </ActionButton>
      ),
    },
  ];
  return (
    <Page
      title={t(navigationTexts.jobs)}
      about={t(jobsTexts.about)}
      fill
      actions={
        <ActionButton
          variant="filled"
          allowed={allowedBy(mayMake)}
          question={{ permission: "manager:inventory:manage" }}
          onClick={() => void goTo({ to: "/new-job", search: folder === "/" ? {} : { folder } })}
        >
          {t(wordTexts.newJob)}
        </ActionButton>
      }
      toolbar={
        <TextInput
          size="xs"
          className={classes.search}
          aria-label={t(jobsTexts.search)}
          placeholder={t(jobsTexts.search)}
          defaultValue={q ?? ""}
          key={`q ${q === undefined}`}
          maxLength={200}
          data-page-filter
          onChange={(event) => later(event.currentTarget.value)}
        />
      }
    >
      <div className={classes.layout}>
        <FolderTree chosen={folder} onChoose={(chosen) => change({ folder: chosen === "/" ? undefined : chosen })} />
        <div className={classes.list}>
          <DataTable
            label={t(navigationTexts.jobs)}
            columns={columns}
            list={list}
            rowId={(job) => job.path}
            narrowLine={(job) => job.title ?? job.authorName}
            onOpen={(job) => void goTo({ to: "/jobs/$", params: jobParams(job.path) })}
            empty={<EmptyState title={t(jobsTexts.empty)} hint={t(jobsTexts.emptyHint, { command: "behalf apply -f" })} />}
            {...(q === undefined && folder === "/" ? {} : { onClearFilters: () => void navigate({ search: {} }) })}
          />
        </div>
      </div>
      {run === undefined ? null : (
        <LazyRunDialog key={run} request={{ job: run }} onClose={() => close(() => change({ run: undefined }))} />
      )}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/jobs/")({ component: JobsPage });

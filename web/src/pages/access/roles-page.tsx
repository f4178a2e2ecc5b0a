/** Every role, in the order in which they were made: what it holds and how many hold it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { createLazyRoute, getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { renderFolder } from "#access/folders.ts";
import { useMay } from "#web/api/access.ts";
import type { Operations } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { Page } from "#web/components/page.tsx";
import { Ago } from "#web/components/time.tsx";
import { useList } from "#web/components/use-list.ts";
import { SearchField } from "#web/components/search-field.tsx";
import { accessTexts, exportTexts, importTexts, roleTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { ExportDialog } from "#web/pages/access/export-dialog.tsx";
import { rolesQuery } from "#web/pages/access/queries.ts";
import { draftOfAnswer } from "#web/pages/access/roles.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";

const pageRoute = getRouteApi("/access");
const manageAccounts = "manager:administration:accounts:manage";

type Listed = Operations["GET /api/v1/roles"]["answer"]["items"][number];

const entriesOf = (row: Listed, denied: boolean): number =>
  draftOfAnswer(row)
    ?.scopes.flatMap((scope) => scope.permissions)
    .filter((grant) => grant.denied === denied).length ?? 0;
const foldersOf = (row: Listed): string =>
  [
    ...new Set(draftOfAnswer(row)?.scopes.flatMap((scope) => scope.folders.map((folder) => renderFolder(folder.path, folder.recursive)))),
  ].join(", ");
const controllersOf = (row: Listed): string =>
  (draftOfAnswer(row)?.scopes ?? [])
    .map((scope) => scope.controller)
    .filter((controller) => controller !== "default")
    .join(", ");

const RolesPage = (): React.ReactElement => {
  const t = useText();
  const { q = "" } = pageRoute.useSearch();
  const navigate = useNavigate();
  const setSearch = pageRoute.useNavigate();
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  const [exporting, setExporting] = useState(false);
  const list = useList<Listed>(rolesQuery({ q }));
  const columns: readonly Column<Listed>[] = [
    {
      id: "name",
      header: t(roleTexts.name),
      cell: (row) => (
        <Link to="/access/roles/$role" params={{ role: row.id }}>
          {row.name}
        </Link>
      ),
    },
    { id: "holders", header: t(roleTexts.holdersShort), width: 110, align: "right", cell: (row) => row.holderCount },
    { id: "grants", header: t(roleTexts.grants), from: 520, width: 90, align: "right", cell: (row) => entriesOf(row, false) },
    { id: "denials", header: t(roleTexts.denials), from: 520, width: 100, align: "right", cell: (row) => entriesOf(row, true) },
    { id: "folders", header: t(wordTexts.folders), from: 760, cell: (row) => foldersOf(row) || t(roleTexts.everyFolder) },
    { id: "controllers", header: t(roleTexts.scopes), from: 1000, cell: (row) => controllersOf(row) || t(roleTexts.everyController) },
    { id: "changed", header: t(wordTexts.changed), from: 680, width: 120, cell: (row) => <Ago at={row.updatedAt} /> },
  ];
  return (
    <Page
      title={t(navigationTexts.access)}
      about={t(accessTexts.about)}
      fill
      actions={
        <>
          <Button size="xs" variant="default" onClick={() => setExporting(true)}>
            {t(exportTexts.link)}
          </Button>
          <ActionButton allowed={allowed} question={{ permission: manageAccounts }} onClick={() => void navigate({ to: "/access/import" })}>
            {t(importTexts.link)}
          </ActionButton>
          <ActionButton
            allowed={allowed}
            question={{ permission: manageAccounts }}
            variant="filled"
            onClick={() => void navigate({ to: "/access/roles/$role", params: { role: "new" } })}
          >
            {t(roleTexts.newRole)}
          </ActionButton>
        </>
      }
      parts={<AccessTabs />}
      toolbar={
        <>
          <SearchField
            label={t(accessTexts.searchRoles)}
            value={q}
            onChange={(value) => void setSearch({ search: value === "" ? {} : { q: value }, replace: true })}
          />
        </>
      }
    >
      <DataTable
        label={t(wordTexts.roles)}
        columns={columns}
        list={list}
        rowId={(row) => row.id}
        narrowLine={(row) => foldersOf(row) || t(roleTexts.everyFolder)}
        onOpen={(row) => void navigate({ to: "/access/roles/$role", params: { role: row.id } })}
        onClearFilters={q === "" ? undefined : () => void setSearch({ search: {}, replace: true })}
      />
      {exporting ? <ExportDialog onClose={() => setExporting(false)} /> : null}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access")({ component: RolesPage });

/** Accounts and roles: who holds what, given and taken at their crossing (D68). */
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "#web/api/access.ts";
import { ApiProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { notify, notifyProblem } from "#web/components/notify.ts";
import { Page } from "#web/components/page.tsx";
import { allRolesQuery } from "#web/components/all-roles.ts";
import { likelySize, useSize } from "#web/components/use-size.ts";
import { RowChoice } from "#web/components/row-choice.tsx";
import { useList } from "#web/components/use-list.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { accessTexts, assignmentTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { policyChanged } from "#web/components/policy-changed.ts";
import { HoldersOfRole, RolesField } from "#web/components/role-fields.tsx";
import { SearchField } from "#web/components/search-field.tsx";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import classes from "#web/pages/access/access.module.css";

const pageRoute = getRouteApi("/access/assignments");
const manageAccounts = "manager:administration:accounts:manage";

interface Holder {
  /** Access ID. */
  readonly id: string;
  readonly name: string;
  /** Null: an account of the operating system. */
  readonly accountId: string | null;
  readonly disabled: boolean;
  readonly roles: readonly string[];
}

interface Change {
  readonly holder: Holder;
  readonly role: string;
  readonly give: boolean;
}

/** As many columns as are shown at once at most; fewer where the window holds fewer. The others come after them. */
const mostColumns = 12;
/** The least that a role's name can be told by, and the most that it needs. */
const columnPx = 120;
const widestColumnPx = 200;
const firstColumnPx = 220;
const lastColumnPx = 96;

const assign = ({ holder, role, give }: Change, sure: boolean): Promise<unknown> =>
  give
    ? call("POST /api/v1/assignments", { body: { account: holder.id, role, confirm: sure } })
    : call("DELETE /api/v1/assignments/{account}/{role}", {
        path: { account: holder.id, role },
        query: { confirm: sure ? "true" : "false" },
      });

/** All roles of one holder at once; for narrow windows, and where there are more roles than columns. */
const RolesDialog = ({ holder, onClose }: { readonly holder: Holder; readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<readonly string[]>(holder.roles);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(assignmentTexts.rolesOf, { name: holder.name })}
      effect={t(assignmentTexts.uncouples)}
      action={t(assignmentTexts.setRoles)}
      mild
      act={async (sure) => {
        if (holder.accountId === null)
          await call("PUT /api/v1/os-accounts/{uid}", {
            path: { uid: Number(holder.id.slice("os:".length)) },
            body: { roles: chosen, confirm: sure },
          });
        else await call("PUT /api/v1/accounts/{account}", { path: { account: holder.accountId }, body: { roles: chosen, confirm: sure } });
        await policyChanged(queries);
      }}
    >
      <RolesField value={chosen} onChange={setChosen} />
    </ConfirmDialog>
  );
};

const uidPattern = /^\d{1,10}$/;

const AssignmentsPage = (): React.ReactElement => {
  const t = useText();
  const { q = "", role, from: wantedFrom = 1 } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const queries = useQueryClient();
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  const mayChange = allowed?.allowed === true;
  const { data: roles = [] } = useQuery(allRolesQuery);
  const [asking, setAsking] = useState<Change | null>(null);
  const [editing, setEditing] = useState<Holder | null>(null);
  const [adding, setAdding] = useState(false);
  const [uid, setUid] = useState("");
  const list = useList<Holder>(
    listQuery("accounts", { q, role, holders: true }, async (cursor, signal) => {
      const query = {
        limit: 200,
        ...(q === "" ? {} : { q }),
        ...(role === undefined ? {} : { role }),
        ...cursor,
      };
      const page = await call("GET /api/v1/accounts", { query }, { signal });
      const accounts = page.items.map((account): Holder => ({
        id: account.accessId,
        name: account.name,
        accountId: account.id,
        disabled: account.disabled,
        roles: account.roles,
      }));
      // Those of the operating system are few and come with every page: they stand behind the last one.
      const os = page.osAccounts
        .filter((one) => (q === "" || one.accessId.includes(q)) && (role === undefined || one.roles.includes(role)))
        .map((one): Holder => ({ id: one.accessId, name: one.accessId, accountId: null, disabled: false, roles: one.roles }));
      return {
        items: page.nextCursor === null ? [...accounts, ...os] : accounts,
        nextCursor: page.nextCursor,
        total: page.total + os.length,
      };
    }),
  );
  const changing = useMutation({
    mutationFn: async (change: Change) => {
      await assign(change, false);
      return change;
    },
    onSuccess: async ({ holder, role: given, give }) => {
      notify({ tone: "good", title: t(give ? assignmentTexts.given : assignmentTexts.taken, { name: holder.name, role: given }) });
      await policyChanged(queries);
    },
    onError: (error, change) => {
      if (error instanceof ApiProblem && error.code === "identity.confirmation-needed") setAsking(change);
      else notifyProblem(error);
    },
  });
  const { ref, width } = useSize(likelySize);
  const room = width - firstColumnPx - lastColumnPx;
  const fits = Math.max(0, Math.min(mostColumns, Math.floor(room / columnPx)));
  // The last columns are whole: there are always as many as the window holds.
  const begin = Math.max(0, Math.min(wantedFrom - 1, roles.length - Math.max(1, fits)));
  const shown = role === undefined ? roles.slice(begin, begin + fits) : fits === 0 ? [] : roles.filter(({ name }) => name === role);
  const rolePx = Math.max(columnPx, Math.min(widestColumnPx, Math.floor(room / Math.max(1, shown.length))));
  const pending = changing.isPending ? changing.variables : null;
  const columns: readonly Column<Holder>[] = [
    {
      id: "account",
      header: t(wordTexts.account),
      cell: (holder) => (
        <>
          {holder.accountId === null ? (
            <code>{holder.id}</code>
          ) : (
            <Link to="/accounts/$account" params={{ account: holder.accountId }}>
              {holder.name}
            </Link>
          )}
          {holder.disabled ? <span className="soft"> · {t(wordTexts.disabled)}</span> : null}
        </>
      ),
    },
    ...shown.map(({ name }): Column<Holder> => ({
      id: `role-${name}`,
      header: name,
      width: rolePx,
      cell: (holder) => (
        <RowChoice
          label={t(assignmentTexts.holds, { name: holder.name, role: name })}
          checked={pending?.holder.id === holder.id && pending.role === name ? pending.give : holder.roles.includes(name)}
          disabled={!mayChange}
          onChange={(give) => changing.mutate({ holder, role: name, give })}
        />
      ),
    })),
    {
      id: "edit",
      header: t(wordTexts.roles),
      width: lastColumnPx,
      align: "right",
      cell: (holder) => (
        <Button
          size="compact-xs"
          variant="subtle"
          disabled={!mayChange}
          aria-label={t(assignmentTexts.roleCountOf, { count: holder.roles.length, name: holder.name })}
          onClick={() => setEditing(holder)}
        >
          {holder.roles.length}
        </Button>
      ),
    },
  ];
  const setSearch = (next: { q?: string; role?: string; from?: number }): void => void navigate({ search: next, replace: true });
  const withRole = role === undefined ? {} : { role };
  const withText = q === "" ? {} : { q };
  const withFrom = begin === 0 ? {} : { from: begin + 1 };
  const goTo = (next: number): void => setSearch({ ...withText, ...(next <= 0 ? {} : { from: next + 1 }) });
  return (
    <Page
      title={t(accessTexts.assignments)}
      about={t(assignmentTexts.about)}
      fill
      actions={
        <ActionButton allowed={allowed} question={{ permission: manageAccounts }} onClick={() => setAdding(true)}>
          {t(assignmentTexts.addOs)}
        </ActionButton>
      }
      parts={<AccessTabs />}
      toolbar={
        <>
          <SearchField
            label={t(assignmentTexts.search)}
            value={q}
            onChange={(value) => setSearch({ ...withRole, ...withFrom, ...(value === "" ? {} : { q: value }) })}
          />
          <HoldersOfRole
            value={role}
            onChange={(chosen) => setSearch({ ...withText, ...(chosen === undefined ? {} : { role: chosen }) })}
          />
          {roles.length > shown.length && shown.length > 0 && role === undefined ? (
            <>
              <ActionIcon
                variant="default"
                size="md"
                aria-label={t(assignmentTexts.rolesBefore)}
                disabled={begin === 0}
                onClick={() => goTo(begin - fits)}
              >
                <span aria-hidden="true">←</span>
              </ActionIcon>
              <ActionIcon
                variant="default"
                size="md"
                aria-label={t(assignmentTexts.rolesAfter)}
                disabled={begin + fits >= roles.length}
                onClick={() => goTo(begin + fits)}
              >
                <span aria-hidden="true">→</span>
              </ActionIcon>
              <span className="soft" role="status">
                {t(assignmentTexts.someColumns, { from: begin + 1, to: begin + shown.length, count: roles.length })}
              </span>
            </>
          ) : null}
        </>
      }
    >
      <div ref={ref} className={classes.whole}>
        <DataTable
          label={t(accessTexts.assignments)}
          columns={columns}
          list={list}
          rowId={(holder) => holder.id}
          narrowLine={(holder) => holder.roles.join(", ") || t(commonTexts.none)}
          onClearFilters={q === "" && role === undefined ? undefined : () => setSearch({})}
        />
      </div>
      {asking === null ? null : (
        <ConfirmDialog
          opened
          onClose={() => setAsking(null)}
          title={t(asking.give ? assignmentTexts.giveTitle : assignmentTexts.takeTitle, { role: asking.role, name: asking.holder.name })}
          effect={t(assignmentTexts.uncouples)}
          action={t(asking.give ? assignmentTexts.give : assignmentTexts.take)}
          mild={asking.give}
          act={async (sure) => {
            await assign(asking, sure);
            await policyChanged(queries);
          }}
        />
      )}
      {editing === null ? null : <RolesDialog key={editing.id} holder={editing} onClose={() => setEditing(null)} />}
      <ConfirmDialog
        opened={adding}
        onClose={() => setAdding(false)}
        title={t(assignmentTexts.addOs)}
        effect={t(assignmentTexts.addOsText)}
        action={t(assignmentTexts.chooseRoles)}
        mild
        ready={uidPattern.test(uid)}
        act={async () => {
          const id = `os:${Number(uid)}`;
          setUid("");
          setEditing(list.rows.find((holder) => holder.id === id) ?? { id, name: id, accountId: null, disabled: false, roles: [] });
        }}
      >
        <TextInput
          mt="sm"
          label={t(assignmentTexts.uid)}
          inputMode="numeric"
          maxLength={10}
          value={uid}
          onChange={(event) => setUid(event.currentTarget.value)}
          data-autofocus
        />
      </ConfirmDialog>
      <p className={classes.foot}>{t(assignmentTexts.uncouples)}</p>
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/assignments")({ component: AssignmentsPage });

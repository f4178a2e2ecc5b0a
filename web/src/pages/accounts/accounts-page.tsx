/** Accounts of this instance: found, and made with a one-time password. */
import { Checkbox, Select } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { OneTimePasswords, type OneTimePassword } from "#web/components/one-time-passwords.tsx";
import { Page } from "#web/components/page.tsx";
import { policyChanged } from "#web/components/policy-changed.ts";
import { SavedFilters } from "#web/components/saved-filters.tsx";
import { oneOf, text as textOf } from "#web/components/search.ts";
import { Ago } from "#web/components/time.tsx";
import { useList } from "#web/components/use-list.ts";
import { HoldersOfRole } from "#web/components/role-fields.tsx";
import { SearchField } from "#web/components/search-field.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { accountsTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { accountBody, AccountFields, type AccountFieldValues } from "#web/pages/accounts/account-fields.tsx";
import { AccountState, accountStateWords } from "#web/pages/accounts/account-state.tsx";
import { accountsQuery } from "#web/pages/accounts/queries.ts";
import { accountStates, type AccountsSearch } from "#web/pages/accounts/route.ts";
import { AccountsTabs } from "#web/pages/accounts/tabs.tsx";

type Account = Schemas["Account"];

const pageRoute = getRouteApi("/accounts");
const manageAccounts = "manager:administration:accounts:manage";

const NewAccount = ({
  onMade,
  onClose,
}: {
  readonly onMade: (made: OneTimePassword | null) => void;
  readonly onClose: () => void;
}): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [values, setValues] = useState<AccountFieldValues>({ name: "", roles: [], groups: "" });
  const [disabled, setDisabled] = useState(false);
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(accountsTexts.newAccount)}
      effect={t(accountsTexts.newEffect)}
      action={t(accountsTexts.create)}
      mild
      ready={values.name.trim() !== ""}
      act={async (sure) => {
        const body = { ...accountBody(values), disabled, confirm: sure };
        const { account, oneTimePassword } = await call("POST /api/v1/accounts", { body });
        onMade(oneTimePassword === null ? null : { account: account.name, password: oneTimePassword });
        await policyChanged(queries);
      }}
    >
      <AccountFields values={values} onChange={setValues} />
      <Checkbox mt="sm" label={t(accountsTexts.startDisabled)} checked={disabled} onChange={() => setDisabled(!disabled)} />
    </ConfirmDialog>
  );
};

const AccountsPage = (): React.ReactElement => {
  const t = useText();
  const search = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const { q = "", role, state } = search;
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<OneTimePassword | null>(null);
  const list = useList<Account>(accountsQuery(search));
  const setSearch = (next: AccountsSearch): void => void navigate({ search: next, replace: true });
  const without = (name: keyof AccountsSearch): AccountsSearch =>
    Object.fromEntries(Object.entries(search).filter(([key]) => key !== name));
  const columns: readonly Column<Account>[] = [
    {
      id: "name",
      header: t(wordTexts.account),
      cell: (account) => (
        <Link to="/accounts/$account" params={{ account: account.id }}>
          {account.name}
        </Link>
      ),
    },
    { id: "state", header: t(wordTexts.state), width: 170, cell: (account) => <AccountState account={account} /> },
    {
      id: "roles",
      header: t(wordTexts.roles),
      from: 640,
      cell: (account) => account.roles.join(", ") || <span className="soft">{t(commonTexts.none)}</span>,
    },
    { id: "groups", header: t(wordTexts.groups), from: 1100, cell: (account) => account.groups.join(", ") },
    {
      id: "login",
      header: t(accountsTexts.lastLogin),
      from: 520,
      width: 150,
      cell: (account) =>
        account.lastLoginAt === null ? <span className="soft">{t(commonTexts.never)}</span> : <Ago at={account.lastLoginAt} />,
    },
    { id: "created", header: t(accountsTexts.created), from: 900, width: 130, cell: (account) => <Ago at={account.createdAt} /> },
  ];
  return (
    <Page
      title={t(navigationTexts.accounts)}
      about={t(accountsTexts.about)}
      fill
      actions={
        <ActionButton variant="filled" allowed={allowed} question={{ permission: manageAccounts }} onClick={() => setMaking(true)}>
          {t(accountsTexts.newAccount)}
        </ActionButton>
      }
      parts={<AccountsTabs />}
      toolbar={
        <>
          <SearchField
            label={t(accountsTexts.search)}
            value={q}
            onChange={(value) => setSearch({ ...without("q"), ...(value === "" ? {} : { q: value }) })}
          />
          <HoldersOfRole
            value={role}
            onChange={(chosen) => setSearch({ ...without("role"), ...(chosen === undefined ? {} : { role: chosen }) })}
          />
          <Select
            size="xs"
            clearable
            aria-label={t(wordTexts.state)}
            placeholder={t(wordTexts.state)}
            clearButtonProps={{ "aria-label": t(commonTexts.showAll) }}
            data={accountStates.map((value) => ({ value, label: t(accountStateWords[value]) }))}
            value={state ?? null}
            onChange={(value) => setSearch({ ...without("state"), ...oneOf({ state: value }, "state", accountStates) })}
          />
          <SavedFilters
            page="accounts"
            current={search}
            onChoose={(filters) =>
              setSearch({ ...textOf(filters, "q"), ...textOf(filters, "role"), ...oneOf(filters, "state", accountStates) })
            }
          />
        </>
      }
    >
      <DataTable
        label={t(navigationTexts.accounts)}
        columns={columns}
        list={list}
        rowId={(account) => account.id}
        narrowLine={(account) => account.roles.join(", ") || t(commonTexts.none)}
        onOpen={(account) => void navigate({ to: "/accounts/$account", params: { account: account.id } })}
        onClearFilters={q === "" && role === undefined && state === undefined ? undefined : () => setSearch({})}
      />
      {making ? <NewAccount onMade={setMade} onClose={() => setMaking(false)} /> : null}
      <OneTimePasswords passwords={made === null ? [] : [made]} onClose={() => setMade(null)} />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/accounts")({ component: AccountsPage });

/** One account: its password, roles and groups, sessions, failed logins, and what its roles come to. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy, type Allowed } from "#web/components/action-button.tsx";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { notify, notifyProblem } from "#web/components/notify.ts";
import { OneTimePasswords, type OneTimePassword } from "#web/components/one-time-passwords.tsx";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { policyChanged } from "#web/components/policy-changed.ts";
import { Loaded } from "#web/components/states.tsx";
import { renderClient } from "#web/components/render-client.ts";
import { Ago, Instant } from "#web/components/time.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { accountTexts, accountsTexts, failedTexts } from "#web/i18n/texts/accounts.ts";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts, shellTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { accountBody, AccountFields, type AccountFieldValues } from "#web/pages/accounts/account-fields.tsx";
import { AccountState } from "#web/pages/accounts/account-state.tsx";
import { FailedLogins } from "#web/pages/accounts/failed-logins.tsx";
import { MergedPermissions } from "#web/pages/accounts/merged-permissions.tsx";
import { AccountsTabs } from "#web/pages/accounts/tabs.tsx";
import { accountQuery, sessionsOfAccountQuery } from "#web/pages/accounts/queries.ts";
import classes from "#web/pages/accounts/accounts.module.css";

type Account = Schemas["Account"];

const pageRoute = getRouteApi("/accounts/$account");
const manageAccounts = "manager:administration:accounts:manage";

const Sessions = ({ account, allowed }: { readonly account: Account; readonly allowed: Allowed | null }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [ending, setEnding] = useState(false);
  const path = { account: account.id };
  const query = useQuery({
    ...sessionsOfAccountQuery(account.id),
    refetchInterval: 30_000,
  });
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: sessionsOfAccountQuery(account.id).queryKey });
  const endOne = useAct({
    mutationFn: (session: string) => call("DELETE /api/v1/accounts/{account}/sessions/{session}", { path: { ...path, session } }),
    onSettled: reload,
    onError: notifyProblem,
  });
  return (
    <Section
      title={t(wordTexts.sessions)}
      aside={
        query.data?.items.length === 0 ? undefined : (
          <ActionButton size="compact-xs" allowed={allowed} question={{ permission: manageAccounts }} onClick={() => setEnding(true)}>
            {t(accountTexts.endAll)}
          </ActionButton>
        )
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="soft">{t(accountTexts.noSessions)}</p>
          ) : (
            <ul className={classes.sessions} aria-label={t(wordTexts.sessions)}>
              {items.map((one) => (
                <li key={one.id}>
                  <span className={classes.mergedWords}>
                    <strong>{t(one.kind === "browser" ? accountTexts.browser : accountTexts.cli)}</strong>{" "}
                    <span title={one.client}>{renderClient(one.client)}</span>
                    <span className="soft">
                      {t(wordTexts.lastUsed)} <Ago at={one.seenAt} /> · {t(accountTexts.ends)} <Instant at={one.expiresAt} />
                    </span>
                  </span>
                  <ActionButton
                    size="compact-xs"
                    allowed={endOne.isPending ? null : allowed}
                    aria-label={t(accountTexts.endOf, { client: renderClient(one.client) })}
                    onClick={() => endOne.mutate(one.id)}
                  >
                    {t(wordTexts.end)}
                  </ActionButton>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <ConfirmDialog
        opened={ending}
        onClose={() => setEnding(false)}
        title={t(accountTexts.endAllTitle, { name: account.name })}
        effect={t(accountTexts.endAllEffect)}
        action={t(accountTexts.endAll)}
        act={async () => {
          const { ended } = await call("DELETE /api/v1/accounts/{account}/sessions", { path });
          notify({ tone: "good", title: t(accountTexts.ended, { count: ended }) });
          await reload();
        }}
      />
    </Section>
  );
};

/** Roles and groups in one dialog: both are what the account is given. */
const EditAccount = ({ account, onClose }: { readonly account: Account; readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [values, setValues] = useState<AccountFieldValues>({ name: account.name, roles: account.roles, groups: account.groups.join(", ") });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(accountTexts.editTitle, { name: account.name })}
      effect={t(accountTexts.editEffect)}
      action={t(commonTexts.save)}
      mild
      ready={values.name.trim() !== ""}
      act={async (sure) => {
        const body = { ...accountBody(values), confirm: sure, revision: account.revision };
        const { notices } = await call("PUT /api/v1/accounts/{account}", { path: { account: account.id }, body });
        notify({ tone: "good", title: t(accountTexts.saved, { name: body.name }), text: notices.map(({ text }) => text).join(" · ") });
        await policyChanged(queries);
      }}
    >
      <AccountFields values={values} onChange={setValues} />
    </ConfirmDialog>
  );
};

type Dialog = "edit" | "reset" | "force" | "disable" | "enable" | "delete";

const AccountView = ({ account }: { readonly account: Account }): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const allowed = allowedBy(useMay({ permission: manageAccounts }));
  const [opened, setOpened] = useState<Dialog | null>(null);
  const [reset, setReset] = useState<OneTimePassword | null>(null);
  const path = { account: account.id };
  const { name } = account;
  const act = (text: string, dialog: Dialog, more: Allowed | null = allowed): React.ReactElement => (
    <ActionButton
      allowed={more}
      {...(allowed?.allowed === false ? { question: { permission: manageAccounts } } : {})}
      onClick={() => setOpened(dialog)}
    >
      {text}
    </ActionButton>
  );
  const done = async (text: string): Promise<void> => {
    notify({ tone: "good", title: text });
    await policyChanged(queries);
  };
  const forced: Allowed | null =
    allowed?.allowed === true && account.mustChangePassword ? { allowed: false, reason: t(accountTexts.alreadyForced) } : allowed;
  return (
    <Page
      title={t(shellTexts.account, { name })}
      about={<AccountState account={account} />}
      parts={<AccountsTabs within="/accounts" />}
      actions={
        <>
          {act(t(wordTexts.edit), "edit")}
          {act(t(accountTexts.reset), "reset")}
          {act(t(accountTexts.force), "force", forced)}
          {account.disabled ? act(t(accountTexts.enable), "enable") : act(t(accountTexts.disable), "disable")}
          {act(t(wordTexts.delete), "delete")}
        </>
      }
    >
      <Section title={t(accountTexts.facts)}>
        <Facts
          facts={[
            [t(wordTexts.accessId), <code key="id">{account.accessId}</code>],
            [t(wordTexts.identityService), account.service],
            [
              t(wordTexts.roles),
              account.roles.length === 0
                ? t(commonTexts.none)
                : account.roles.map((role, index) => (
                    <span key={role}>
                      {index === 0 ? "" : ", "}
                      <Link to="/access/roles/$role" params={{ role }}>
                        {role}
                      </Link>
                    </span>
                  )),
            ],
            [t(wordTexts.groups), account.groups.join(", ") || t(commonTexts.none)],
            [t(accountsTexts.created), <Instant key="created" at={account.createdAt} />],
            [
              t(accountsTexts.lastLogin),
              account.lastLoginAt === null ? t(commonTexts.never) : <Instant key="login" at={account.lastLoginAt} />,
            ],
            ...(account.passwordExpiresAt === null
              ? []
              : [[t(accountTexts.passwordDies), <Instant key="dies" at={account.passwordExpiresAt} />] as const]),
          ]}
        />
      </Section>
      <Sessions account={account} allowed={allowed} />
      <Section title={t(wordTexts.permissions)} aside={t(accountTexts.permissionsAbout)}>
        <MergedPermissions account={account} />
      </Section>
      <Section title={t(failedTexts.title)}>
        <div className={classes.failed}>
          <FailedLogins account={account.name} />
        </div>
      </Section>
      {opened === "edit" ? <EditAccount account={account} onClose={() => setOpened(null)} /> : null}
      <ConfirmDialog
        opened={opened === "reset"}
        onClose={() => setOpened(null)}
        title={t(accountTexts.resetTitle, { name })}
        effect={t(accountTexts.resetEffect)}
        action={t(accountTexts.reset)}
        act={async () => {
          const { oneTimePassword } = await call("POST /api/v1/accounts/{account}/reset-password", { path });
          setReset(oneTimePassword === null ? null : { account: name, password: oneTimePassword });
          await policyChanged(queries);
        }}
      />
      <ConfirmDialog
        opened={opened === "force"}
        onClose={() => setOpened(null)}
        title={t(accountTexts.forceTitle, { name })}
        effect={t(accountTexts.forceEffect)}
        action={t(accountTexts.force)}
        mild
        act={async (sure) => {
          const body = { mustChangePassword: true, confirm: sure, revision: account.revision };
          await call("PUT /api/v1/accounts/{account}", { path, body });
          await done(t(accountTexts.forced, { name }));
        }}
      />
      <ConfirmDialog
        opened={opened === "disable"}
        onClose={() => setOpened(null)}
        title={t(accountTexts.disableTitle, { name })}
        effect={t(accountTexts.disableEffect)}
        action={t(accountTexts.disable)}
        act={async (sure) => {
          await call("POST /api/v1/accounts/{account}/disable", {
            path,
            query: { confirm: sure ? "true" : "false", revision: account.revision },
          });
          await done(t(accountTexts.disabled, { name }));
        }}
      />
      <ConfirmDialog
        opened={opened === "enable"}
        onClose={() => setOpened(null)}
        title={t(accountTexts.enableTitle, { name })}
        effect={t(accountTexts.enableEffect)}
        action={t(accountTexts.enable)}
        mild
        act={async (sure) => {
          await call("POST /api/v1/accounts/{account}/enable", {
            path,
            query: { confirm: sure ? "true" : "false", revision: account.revision },
          });
          await done(t(accountTexts.enabled, { name }));
        }}
      />
      <ConfirmDialog
        opened={opened === "delete"}
        onClose={() => setOpened(null)}
        title={t(accountTexts.deleteTitle, { name })}
        effect={t(accountTexts.deleteEffect)}
        action={t(wordTexts.delete)}
        typed={name}
        act={async (sure) => {
          await call("DELETE /api/v1/accounts/{account}", {
            path,
            query: { confirm: sure ? "true" : "false", revision: account.revision },
          });
          notify({ tone: "good", title: t(accountTexts.deleted, { name }) });
          await navigate({ to: "/accounts" });
          await policyChanged(queries);
        }}
      />
      <OneTimePasswords passwords={reset === null ? [] : [reset]} onClose={() => setReset(null)} />
    </Page>
  );
};

const AccountPage = (): React.ReactElement => {
  const t = useText();
  const { account } = pageRoute.useParams();
  const query = useQuery({ ...accountQuery(account), refetchInterval: 30_000 });
  if (query.data !== undefined) return <AccountView key={query.data.id} account={query.data} />;
  return (
    <Page title={t(navigationTexts.accounts)} parts={<AccountsTabs within="/accounts" />}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/accounts/$account")({ component: AccountPage });

/** Oneself: who one is here, one's sessions and sign-ins, the password, and what one may do, each with its why. */
import { Button, Checkbox, PasswordInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { permissionLeaves } from "#access/permissions.ts";
import { firstFolder, mayAnywhere, useAccess } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import { whileRotating } from "#web/api/session.ts";
import { ConfirmDialog } from "#web/components/confirm.tsx";
import { explain } from "#web/components/explain.ts";
import { FilterField } from "#web/components/filter-field.tsx";
import { notify, notifyProblem } from "#web/components/notify.ts";
import { Facts, Page, Section } from "#web/components/page.tsx";
import { PlainTable } from "#web/components/plain-table.tsx";
import { signOut } from "#web/components/sign-out.ts";
import { Loaded, LoadingState, ProblemNote } from "#web/components/states.tsx";
import { renderClient } from "#web/components/render-client.ts";
import { Ago, Instant } from "#web/components/time.tsx";
import { defined } from "#web/components/defined.ts";
import { WhyButton } from "#web/components/why-button.tsx";
import { ReasonText, useMeaning } from "#web/components/engine-text.tsx";
import { useAct } from "#web/components/use-act.ts";
import { useText } from "#web/i18n/language.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { profileTexts } from "#web/i18n/texts/profile.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { ownLoginsQuery, ownSessionQuery, ownSessionsQuery } from "#web/pages/profile/queries.ts";
import classes from "#web/pages/profile/profile.module.css";

const Who = (): React.ReactElement => {
  const t = useText();
  const logins = useQuery(ownLoginsQuery).data?.items;
  const before = logins?.find((login) => login.succeeded && !login.current);
  const query = useQuery({ ...ownSessionQuery, refetchInterval: 30_000 });
  return (
    <Section title={t(profileTexts.who)}>
      <Loaded query={query}>
        {({ principal, realm, session }) => (
          <Facts
            facts={[
              [t(wordTexts.account), principal.name],
              [t(wordTexts.accessId), <code key="id">{principal.accessId}</code>],
              [t(wordTexts.identityService), principal.service],
              [t(wordTexts.realm), realm],
              [t(wordTexts.roles), principal.roles.join(", ") || t(commonTexts.none)],
              [t(wordTexts.groups), principal.groups.join(", ") || t(commonTexts.none)],
              ...(logins === undefined
                ? []
                : ([
                    [t(profileTexts.lastLogin), before === undefined ? t(commonTexts.none) : <Instant key="last" at={before.at} />],
                  ] as const)),
              [t(profileTexts.proved), principal.amr.map((one) => (one === "pwd" ? t(wordTexts.password) : one)).join(", ")],
              ...(session === null
                ? []
                : ([
                    [t(profileTexts.ends), <Instant key="ends" at={session.expiresAt} />],
                    [t(profileTexts.idles), <Ago key="idles" at={session.idleEndsAt} />],
                  ] as const)),
            ]}
          />
        )}
      </Loaded>
    </Section>
  );
};

const Sessions = (): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [leaving, setLeaving] = useState(false);
  const query = useQuery(ownSessionsQuery);
  const ending = useAct({
    mutationFn: (id: string) => call("DELETE /api/v1/sessions/{id}", { path: { id } }),
    onError: notifyProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  });
  return (
    <Section
      title={t(wordTexts.sessions)}
      aside={
        <Button size="compact-xs" variant="default" onClick={() => setLeaving(true)}>
          {t(wordTexts.signOutEverywhere)}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ items }) => (
          <ul className={classes.rows}>
            {items.map((one) => (
              <li key={one.id}>
                <span className={classes.grow}>
                  {t(one.kind === "browser" ? profileTexts.kindBrowser : profileTexts.kindCli)}{" "}
                  <span className="soft" title={one.client}>
                    {renderClient(one.client)}
                  </span>
                </span>
                <span className="soft">
                  {t(profileTexts.begun)} <Ago at={one.createdAt} />, {t(wordTexts.lastUsed)} <Ago at={one.seenAt} />
                </span>
                {one.current ? (
                  <strong>{t(profileTexts.thisOne)}</strong>
                ) : (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={t(profileTexts.endOf, { client: renderClient(one.client) })}
                    onClick={() => ending.mutate(one.id)}
                  >
                    {t(wordTexts.end)}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <ConfirmDialog
        opened={leaving}
        onClose={() => setLeaving(false)}
        title={t(profileTexts.endAllTitle)}
        effect={t(profileTexts.endAllEffect)}
        action={t(wordTexts.signOutEverywhere)}
        act={() => signOut(true)}
      />
    </Section>
  );
};

const Logins = (): React.ReactElement => {
  const t = useText();
  const query = useQuery(ownLoginsQuery);
  return (
    <Section title={t(profileTexts.logins)}>
      <p className="soft">{t(profileTexts.loginsNote)}</p>
      <Loaded query={query}>
        {({ items }) => (
          <ul className={classes.rows}>
            {items.map((login) => (
              <li key={`${login.at} ${login.client} ${login.succeeded}`}>
                <span className={classes.login} data-good={login.succeeded}>
                  <span aria-hidden="true">{login.succeeded ? "✓" : "✕"}</span>{" "}
                  {t(login.succeeded ? profileTexts.loginGood : commonTexts.stateFailed)}
                </span>
                <span className={`soft ${classes.grow}`} title={login.client}>
                  {renderClient(login.client)}
                </span>
                {login.current ? <strong>{t(profileTexts.thisOne)}</strong> : null}
                <Instant at={login.at} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
};

const Password = (): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const [fields, setFields] = useState({ current: "", next: "", again: "" });
  const [differ, setDiffer] = useState(false);
  const name = useAccess()?.actor.name ?? "";
  const changing = useAct({
    mutationFn: () => whileRotating(() => call("POST /api/v1/password", { body: { current: fields.current, new: fields.next } })),
    onSuccess: () => {
      setFields({ current: "", next: "", again: "" });
      notify({ tone: "good", title: t(profileTexts.changed) });
      return queries.invalidateQueries();
    },
  });
  const field = (name: keyof typeof fields, label: string, autoComplete: string): React.ReactElement => (
    <PasswordInput
      label={label}
      autoComplete={autoComplete}
      required
      withAsterisk={false}
      maxLength={1024}
      value={fields[name]}
      onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.value })}
    />
  );
  return (
    <Section title={t(wordTexts.password)}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          setDiffer(fields.next !== fields.again);
          if (fields.next === fields.again) changing.mutate();
        }}
      >
        <input type="text" autoComplete="username" value={name} readOnly hidden />
        {field("current", t(profileTexts.currentPassword), "current-password")}
        {field("next", t(wordTexts.newPassword), "new-password")}
        {field("again", t(wordTexts.newPasswordAgain), "new-password")}
        <Button type="submit" size="xs" loading={changing.isPending}>
          {t(profileTexts.change)}
        </Button>
        {differ ? (
          <p role="alert" className={classes.wrong}>
            {t(wordTexts.passwordsDiffer)}
          </p>
        ) : (
          <ProblemNote error={changing.error} />
        )}
      </form>
    </Section>
  );
};

const pageRoute = getRouteApi("/profile");

const Permissions = (): React.ReactElement => {
  const t = useText();
  const access = useAccess();
  const meaningOf = useMeaning();
  const { q = "", all = false } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  if (access === null) return <LoadingState />;
  const wanted = q.toLowerCase();
  const rows = permissionLeaves
    .filter((leaf) => leaf.permission.includes(wanted) || meaningOf(leaf).text.toLowerCase().includes(wanted))
    .map((leaf) => ({ leaf, verdict: mayAnywhere(leaf.permission, access) }))
    .filter(({ verdict }) => all || verdict.effect === "permit");
  return (
    <Section
      title={t(profileTexts.permissions)}
      aside={
        <span className={classes.filters}>
          <Checkbox
            size="xs"
            label={t(profileTexts.showRefused)}
            checked={all}
            onChange={({ currentTarget }) =>
              void navigate({ search: defined({ q, ...(currentTarget.checked ? { all: true as const } : {}) }), replace: true })
            }
          />
          <FilterField
            first
            label={t(wordTexts.findPermission)}
            value={q}
            onApply={(text) => void navigate({ search: defined({ q: text, ...(all ? { all } : {}) }), replace: true })}
          />
        </span>
      }
    >
      <p className="soft">{t(profileTexts.permissionsNote)}</p>
      <div className={classes.below}>
        <PlainTable label={t(profileTexts.permissions)} headers={[t(wordTexts.permission), t(profileTexts.held), t(profileTexts.by)]}>
          {rows.map(({ leaf, verdict }) => (
            <tr key={leaf.permission}>
              <th scope="row">
                <code>{leaf.permission}</code>
                <span className="soft" lang={meaningOf(leaf).lang}>
                  {" "}
                  {meaningOf(leaf).text}
                </span>
              </th>
              <td>
                <span className={classes.login} data-good={verdict.effect === "permit"}>
                  <span aria-hidden="true">{verdict.effect === "permit" ? "✓ " : "⊘ "}</span>
                  {t(verdict.effect === "permit" ? commonTexts.yes : commonTexts.no)}
                </span>
              </td>
              <td>
                <span className="soft">
                  <ReasonText reason={verdict.because} />
                </span>{" "}
                <WhyButton
                  subject={leaf.permission}
                  onClick={() => explain({ permission: leaf.permission, ...(leaf.object === null ? {} : { on: firstFolder(access) }) })}
                />
              </td>
            </tr>
          ))}
        </PlainTable>
      </div>
    </Section>
  );
};

const ProfilePage = (): React.ReactElement => {
  const t = useText();
  return (
    <Page title={t(navigationTexts.profile)}>
      <Who />
      <Sessions />
      <Logins />
      <Password />
      <Permissions />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/profile")({ component: ProfilePage });

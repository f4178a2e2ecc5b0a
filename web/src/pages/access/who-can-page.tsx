/** Who may do something: every account, with the reason of each. */
import { Autocomplete, TextInput } from "@mantine/core";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { permissionLeaves } from "#access/permissions.ts";
import { useMayAnywhere } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import type { Operations } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { explain } from "#web/components/explain.ts";
import { Page } from "#web/components/page.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { useList } from "#web/components/use-list.ts";
import { WhyButton } from "#web/components/why-button.tsx";
import { ReasonText, useMeaning } from "#web/components/engine-text.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { whoCanTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import type { WhoCanSearch } from "#web/pages/access/route.ts";
import { AccessTabs } from "#web/pages/access/tabs.tsx";
import classes from "#web/pages/access/access.module.css";

type Able = Operations["POST /api/v1/who-can"]["answer"]["items"][number];

interface Told {
  readonly total: number;
  readonly disabled: number;
  readonly named: boolean;
}

const pageRoute = getRouteApi("/access/who-can");
const explainOthers = "manager:explain:others";
const leaves = new Map(permissionLeaves.map((leaf) => [leaf.permission, leaf]));
const example = { permission: "controller:runs:create", on: "/finance/close-books", controller: "main" };
const names = [...leaves.keys()];

/** Asked about a path only where the permission is about objects in folders. */
const needsPath = (permission: string): boolean => (leaves.get(permission)?.object ?? null) !== null;

const Form = ({ asked }: { readonly asked: WhoCanSearch }): React.ReactElement => {
  const t = useText();
  const navigate = pageRoute.useNavigate();
  const [permission, setPermission] = useState(asked.permission ?? "");
  const [on, setOn] = useState(asked.on ?? "");
  const [controller, setController] = useState(asked.controller ?? "");
  const [before, setBefore] = useState(asked);
  // The address changed from elsewhere: the back button, a link. The fields stay, and the focus in them.
  if (before !== asked) {
    setBefore(asked);
    setPermission(asked.permission ?? "");
    setOn(asked.on ?? "");
    setController(asked.controller ?? "");
  }
  // What is not known yet keeps nobody from asking, and no Enter is lost meanwhile: the manager decides anyway.
  const allowed = allowedBy(useMayAnywhere(explainOthers)) ?? { allowed: true };
  const leaf = leaves.get(permission.trim());
  const meaningOf = useMeaning();
  const ask = (): void =>
    void navigate({
      search: {
        permission: permission.trim(),
        ...(on.trim() === "" ? {} : { on: on.trim() }),
        ...(controller.trim() === "" ? {} : { controller: controller.trim() }),
      },
    });
  return (
    <form
      className={classes.question}
      onSubmit={(event) => {
        event.preventDefault();
        if (allowed.allowed && permission.trim() !== "") ask();
      }}
    >
      <Autocomplete
        size="xs"
        label={t(wordTexts.permission)}
        description={leaf === undefined ? "" : <span lang={meaningOf(leaf).lang}>{meaningOf(leaf).text}</span>}
        inputWrapperOrder={["label", "input", "description"]}
        placeholder={example.permission}
        data={names}
        limit={20}
        maxLength={200}
        value={permission}
        onChange={setPermission}
        data-page-filter
      />
      <TextInput
        size="xs"
        label={t(whoCanTexts.on)}
        description={t(needsPath(permission.trim()) ? whoCanTexts.onNeeded : whoCanTexts.onText)}
        inputWrapperOrder={["label", "input", "description"]}
        placeholder={example.on}
        maxLength={1024}
        value={on}
        onChange={(event) => setOn(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        label={t(wordTexts.controller)}
        description={t(whoCanTexts.controllerText)}
        inputWrapperOrder={["label", "input", "description"]}
        placeholder={example.controller}
        maxLength={64}
        value={controller}
        onChange={(event) => setController(event.currentTarget.value)}
      />
      <div className={classes.ask}>
        <ActionButton variant="filled" allowed={allowed} question={{ permission: explainOthers }}>
          {t(whoCanTexts.ask)}
        </ActionButton>
      </div>
    </form>
  );
};

const Answer = ({ asked, permission }: { readonly asked: WhoCanSearch; readonly permission: string }): React.ReactElement => {
  const t = useText();
  const { on, controller } = asked;
  const question = { permission, ...(on === undefined ? {} : { on }), ...(controller === undefined ? {} : { controller }) };
  const list = useList(
    listQuery<Able, Told>("who-can", question, async (cursor, signal) => {
      const body = { ...question, limit: 200, ...cursor };
      const page = await call("POST /api/v1/who-can", { body }, { signal, background: true });
      const beside = { total: page.total, disabled: page.disabledTotal, named: page.named };
      return page.named ? { ...page, beside } : { items: [], nextCursor: null, total: 0, beside };
    }),
  );
  const told = list.beside;
  const columns: readonly Column<Able>[] = [
    { id: "name", header: t(wordTexts.account), cell: (one) => <strong>{one.name}</strong> },
    { id: "service", header: t(whoCanTexts.service), from: 640, width: 120, cell: (one) => one.service },
    { id: "because", header: t(whoCanTexts.because), from: 520, share: 2.5, cell: (one) => <ReasonText reason={one.because} /> },
    {
      id: "why",
      header: t(commonTexts.why),
      width: 90,
      cell: (one) => (
        <WhyButton subject={one.name} word={t(commonTexts.why)} onClick={() => explain({ ...question, actor: one.accessId })} />
      ),
    },
  ];
  return (
    <>
      {told === undefined ? null : (
        <p role="status" className={classes.told}>
          {t(whoCanTexts.total, { count: told.total })}
          {told.disabled === 0 ? "" : ` ${t(whoCanTexts.disabled, { count: told.disabled })}`}
          {told.named ? "" : ` ${t(whoCanTexts.unnamed)}`}
        </p>
      )}
      <DataTable
        label={t(wordTexts.whoCan)}
        columns={columns}
        list={list}
        rowId={(one) => one.accessId}
        narrowLine={(one) => <ReasonText reason={one.because} />}
        onOpen={(one) => explain({ ...question, actor: one.accessId })}
        empty={<EmptyState title={t(told?.named === false ? whoCanTexts.unnamed : whoCanTexts.nobody)} />}
      />
    </>
  );
};

const WhoCanPage = (): React.ReactElement => {
  const t = useText();
  const asked = pageRoute.useSearch();
  const key = JSON.stringify(asked);
  return (
    <Page title={t(wordTexts.whoCan)} about={t(whoCanTexts.about)} fill parts={<AccessTabs />}>
      <Form asked={asked} />
      {asked.permission === undefined ? (
        <EmptyState title={t(whoCanTexts.first)} hint={t(whoCanTexts.firstHint)} />
      ) : (
        <Answer key={`answer ${key}`} asked={asked} permission={asked.permission} />
      )}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/access/who-can")({ component: WhoCanPage });

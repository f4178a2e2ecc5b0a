/** Every node: how it is, and the account it runs jobs as. */
import { Switch } from "@mantine/core";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { Page } from "#web/components/page.tsx";
import { StateMark, type MarkedState } from "#web/components/state-mark.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { listKeyOf, useList } from "#web/components/use-list.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { nodesTexts } from "#web/i18n/texts/nodes.ts";
import { useText } from "#web/i18n/language.ts";

type Node = Schemas["Node"];

export const nodeState = (node: Node): MarkedState =>
  node.state === "revoked" ? "revoked" : node.online ? (node.launcherReachable ? "online" : "degraded") : "offline";

const Account = ({ node }: { readonly node: Node }): React.ReactElement => {
  const t = useText();
  if (node.facts === null) return <span className="soft">{t(nodesTexts.notReported)}</span>;
  return node.facts.defaultJobAccount === null ? (
    <span className="soft">{t(nodesTexts.namedOnly)}</span>
  ) : (
    <code>{node.facts.defaultJobAccount}</code>
  );
};

const pageRoute = getRouteApi("/nodes");

const NodesPage = (): React.ReactElement => {
  const t = useText();
  const { revoked = false } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const list = useList(listKeyOf("nodes", { revoked }), (cursor, signal) =>
    call(
      "GET /api/v1/nodes",
      { query: { limit: 200, revoked: revoked ? "true" : "false", ...(cursor === undefined ? {} : { cursor }) } },
      { signal },
    ),
  );
  const columns: readonly Column<Node>[] = [
    { id: "name", header: t(nodesTexts.name), cell: (node) => <strong>{node.name}</strong> },
    { id: "health", header: t(nodesTexts.health), width: 130, cell: (node) => <StateMark state={nodeState(node)} /> },
    { id: "account", header: t(nodesTexts.account), from: 560, cell: (node) => <Account node={node} /> },
    {
      id: "how",
      header: t(nodesTexts.how),
      from: 1000,
      cell: (node) => (node.facts === null ? "" : `${node.facts.switching}, ${node.facts.tree}`),
    },
    {
      id: "keys",
      header: t(nodesTexts.keys),
      from: 900,
      width: 90,
      align: "right",
      cell: (node) => node.facts?.credentialKeys.length ?? "",
    },
    { id: "running", header: t(nodesTexts.running), from: 720, width: 90, align: "right", cell: (node) => node.runsInFlight },
    {
      id: "seen",
      header: t(nodesTexts.seen),
      from: 720,
      width: 130,
      cell: (node) => (node.lastSeenAt === null ? t(commonTexts.never) : <Ago at={node.lastSeenAt} />),
    },
  ];
  return (
    <Page
      title={t(nodesTexts.title)}
      about={t(nodesTexts.about)}
      fill
      toolbar={
        <Switch
          size="xs"
          label={t(nodesTexts.showRevoked)}
          checked={revoked}
          onChange={({ currentTarget }) => void navigate({ search: currentTarget.checked ? { revoked: true } : {}, replace: true })}
        />
      }
    >
      <DataTable
        label={t(nodesTexts.title)}
        columns={columns}
        list={list}
        rowId={(node) => node.id}
        narrowLine={(node) => <Account node={node} />}
        empty={<EmptyState title={t(nodesTexts.empty)} hint={t(nodesTexts.emptyHint)} />}
      />
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/nodes")({ component: NodesPage });

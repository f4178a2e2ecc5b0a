/** Every node: how it is, and the account it runs jobs as. */
import { Switch } from "@mantine/core";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "#web/api/access.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { nodeState } from "#web/components/node-state.ts";
import { Page } from "#web/components/page.tsx";
import { StateMark } from "#web/components/state-mark.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { useList } from "#web/components/use-list.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { nodesTexts } from "#web/i18n/texts/nodes.ts";
import { opensDialog, useCloseDialog } from "#web/components/use-address-dialog.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { overviewTexts } from "#web/i18n/texts/overview.ts";
import { InviteDialog } from "#web/pages/nodes/invite-dialog.tsx";
import { nodesQuery } from "#web/pages/nodes/queries.ts";

type Node = Schemas["Node"];

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
const manage = { permission: "manager:nodes:manage" } as const;

const NodesPage = (): React.ReactElement => {
  const t = useText();
  const { revoked = false, invite = false } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const mayManage = allowedBy(useMay(manage));
  const list = useList(nodesQuery(revoked));
  const open = (node: Node): void => void navigate({ to: "/nodes/$node", params: { node: node.name } });
  const columns: readonly Column<Node>[] = [
    {
      id: "name",
      header: t(wordTexts.node),
      cell: (node) => (
        <Link to="/nodes/$node" params={{ node: node.name }}>
          {node.name}
        </Link>
      ),
    },
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
    { id: "running", header: t(overviewTexts.running), from: 720, width: 90, align: "right", cell: (node) => node.runsInFlight },
    {
      id: "seen",
      header: t(nodesTexts.seen),
      from: 720,
      width: 130,
      cell: (node) => (node.lastSeenAt === null ? t(commonTexts.never) : <Ago at={node.lastSeenAt} />),
    },
  ];
  const others = revoked ? { revoked } : {};
  const invites = (): void => void navigate({ search: { ...others, invite: true }, state: opensDialog });
  const close = useCloseDialog();
  return (
    <Page
      title={t(navigationTexts.nodes)}
      about={t(nodesTexts.about)}
      fill
      actions={
        <ActionButton allowed={mayManage} question={manage} onClick={invites} variant="filled">
          {t(nodesTexts.invite)}
        </ActionButton>
      }
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
        label={t(navigationTexts.nodes)}
        columns={columns}
        list={list}
        rowId={(node) => node.id}
        onOpen={open}
        narrowLine={(node) => <Account node={node} />}
        empty={<EmptyState title={t(nodesTexts.empty)} hint={t(nodesTexts.emptyHint)} />}
      />
      {invite && mayManage?.allowed === true ? (
        <InviteDialog onClose={() => close(() => void navigate({ search: others, replace: true }))} />
      ) : null}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/nodes")({ component: NodesPage });

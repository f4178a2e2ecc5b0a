/** Logins that were refused, newest first: of one account, or of all. */
import { Link } from "@tanstack/react-router";
import type { Operations } from "#web/api/generated.ts";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Instant } from "#web/components/time.tsx";
import { renderClient } from "#web/components/render-client.ts";
import { useList } from "#web/components/use-list.ts";
import { failedTexts } from "#web/i18n/texts/accounts.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { explainTexts } from "#web/i18n/texts/explain.ts";
import { failedLoginsQuery } from "#web/pages/accounts/queries.ts";

type Failed = Operations["GET /api/v1/failed-logins"]["answer"]["items"][number];

export const FailedLogins = ({
  account,
  linked = false,
  onClear,
}: {
  readonly account?: string | undefined;
  /** Names lead to what happened under them. */
  readonly linked?: boolean;
  readonly onClear?: () => void;
}): React.ReactElement => {
  const t = useText();
  const list = useList<Failed>(failedLoginsQuery(account));
  const meaning = (name: string): string =>
    name === "*none" ? t(failedTexts.noName) : name === "*invalid" ? t(failedTexts.invalidName) : "";
  const columns: readonly Column<Failed>[] = [
    { id: "at", header: t(wordTexts.when), width: 190, cell: (one) => <Instant at={one.at} /> },
    {
      id: "account",
      header: t(wordTexts.account),
      cell: (one) => (
        <>
          {linked ? (
            <Link to="/failed-logins" search={{ account: one.account }}>
              {one.account}
            </Link>
          ) : (
            one.account
          )}{" "}
          <span className="soft">{meaning(one.account)}</span>
        </>
      ),
    },
    { id: "client", header: t(failedTexts.client), from: 640, cell: (one) => <span title={one.client}>{renderClient(one.client)}</span> },
    { id: "code", header: t(explainTexts.title), from: 820, width: 240, cell: (one) => <code>{one.code}</code> },
  ];
  return (
    <DataTable
      label={t(failedTexts.title)}
      columns={columns}
      list={list}
      rowId={(one) => `${one.at} ${one.account} ${one.client}`}
      narrowLine={(one) => renderClient(one.client)}
      empty={<EmptyState title={t(failedTexts.empty)} />}
      onClearFilters={account === undefined ? undefined : onClear}
    />
  );
};

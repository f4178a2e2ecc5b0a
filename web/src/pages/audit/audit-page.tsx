/** The record: filtered by the address, each entry with its hashes, and whether the chain holds. */
import { Button, Drawer, NativeSelect } from "@mantine/core";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import type { Schemas } from "#web/api/generated.ts";
import { DataTable, type Column } from "#web/components/data-table.tsx";
import { defined } from "#web/components/defined.ts";
import { explain, useExplaining } from "#web/components/explain.ts";
import { FilterField } from "#web/components/filter-field.tsx";
import { InstantField } from "#web/components/instant-field.tsx";
import { Facts, Page } from "#web/components/page.tsx";
import { SavedFilters } from "#web/components/saved-filters.tsx";
import { EmptyState } from "#web/components/states.tsx";
import { Instant } from "#web/components/time.tsx";
import { useDialog } from "#web/components/use-dialog.ts";
import { useList } from "#web/components/use-list.ts";
import { auditTexts } from "#web/i18n/texts/audit.ts";
import { useText } from "#web/i18n/language.ts";
import { navigationTexts } from "#web/i18n/texts/shell.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { ChainStatus } from "#web/pages/audit/chain-status.tsx";
import { auditQuery } from "#web/pages/audit/queries.ts";
import { questionOfRecord } from "#web/pages/audit/question-of-record.ts";
import { phaseTexts } from "#web/components/audit-phase.ts";
import { phases, type AuditSearch } from "#web/pages/audit/route.ts";
import classes from "#web/pages/audit/audit.module.css";

type AuditRecord = Schemas["AuditRecord"];

const signs = { opened: "○", completed: "✓", failed: "✕", refused: "⊘", noted: "·" } as const;

const Phase = ({ phase }: { readonly phase: AuditRecord["phase"] }): React.ReactElement => {
  const t = useText();
  return (
    <span className={classes.phase} data-phase={phase}>
      <span aria-hidden="true">{signs[phase]}</span> {t(phaseTexts[phase])}
    </span>
  );
};

/** Who did it, by name where there is one to be seen. */
const Actor = ({ record: { actor, actorName } }: { readonly record: AuditRecord }): React.ReactElement =>
  actorName === null ? <code>{actor}</code> : <span title={actor}>{actorName}</span>;

/** What it was about. Accounts, roles and the like are recorded by id, and mostly with the name that they had. */
const About = ({ record: { object, detail } }: { readonly record: AuditRecord }): React.ReactElement => {
  const name = typeof detail === "object" && detail !== null && "name" in detail && typeof detail.name === "string" ? detail.name : null;
  return name === null || object.includes(name) ? (
    <code>{object}</code>
  ) : (
    <>
      {name} <code className="soft">{object}</code>
    </>
  );
};

const idOf = (record: AuditRecord): string => `${record.writer}.${record.sequence}`;

const Detail = ({
  record,
  narrow,
}: {
  readonly record: AuditRecord;
  readonly narrow: (search: AuditSearch) => void;
}): React.ReactElement => {
  const t = useText();
  const question = questionOfRecord(record);
  return (
    <div className={classes.detail}>
      <Facts
        facts={[
          [t(wordTexts.when), <Instant key="at" at={record.at} />],
          [
            t(wordTexts.actor),
            <span key="actor">
              {record.actorName ?? ""} <code>{record.actor}</code>
            </span>,
          ],
          [t(auditTexts.action), <code key="action">{record.action}</code>],
          [t(auditTexts.object), <code key="object">{record.object}</code>],
          [t(auditTexts.phase), <Phase key="phase" phase={record.phase} />],
          ...(record.opened === null ? [] : ([[t(auditTexts.opens), record.opened]] as const)),
          [t(auditTexts.hash), <code key="hash">{record.hash}</code>],
          [t(auditTexts.previous), <code key="previous">{record.previous}</code>],
        ]}
      />
      <div className={classes.acts}>
        <Button size="xs" variant="default" onClick={() => narrow({ actor: record.actor })}>
          {t(auditTexts.onlyActor)}
        </Button>
        <Button size="xs" variant="default" onClick={() => narrow({ object: record.object })}>
          {t(auditTexts.onlyObject)}
        </Button>
        {question === null ? null : (
          <Button size="xs" variant="default" onClick={() => explain(question)}>
            {t(auditTexts.explain)}
          </Button>
        )}
      </div>
      <h3>{t(auditTexts.detail)}</h3>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <pre className={classes.json} tabIndex={0}>
        {JSON.stringify(record.detail, null, 2)}
      </pre>
    </div>
  );
};

const pageRoute = getRouteApi("/audit");

const AuditPage = (): React.ReactElement => {
  const t = useText();
  const { record: shown, ...filters } = pageRoute.useSearch();
  const navigate = pageRoute.useNavigate();
  const explaining = useExplaining();
  const list = useList(auditQuery(filters));
  const set = (change: AuditSearch): void => void navigate({ search: defined({ ...filters, ...change }), replace: true });
  const open = list.rows.find((record) => idOf(record) === shown);
  const drawer = useDialog(open !== undefined);
  const columns: readonly Column<AuditRecord>[] = [
    { id: "at", header: t(wordTexts.when), width: 190, from: 560, cell: (record) => <Instant at={record.at} /> },
    { id: "action", header: t(auditTexts.action), cell: (record) => <code>{record.action}</code> },
    { id: "phase", header: t(auditTexts.phase), width: 150, cell: (record) => <Phase phase={record.phase} /> },
    { id: "object", header: t(auditTexts.object), from: 720, cell: (record) => <About record={record} /> },
    { id: "actor", header: t(wordTexts.actor), from: 960, cell: (record) => <Actor record={record} /> },
    { id: "sequence", header: t(auditTexts.sequence), width: 90, from: 1100, align: "right", cell: (record) => record.sequence },
  ];
  const isFiltered = Object.keys(filters).length > 0;
  const choose = (search: AuditSearch): void => void navigate({ search });
  return (
    <Page
      title={t(navigationTexts.audit)}
      about={t(auditTexts.about)}
      fill
      toolbar={
        <>
          <FilterField first label={t(wordTexts.actor)} value={filters.actor ?? ""} onApply={(actor) => set({ actor })} />
          <FilterField
            label={t(auditTexts.action)}
            hint={t(auditTexts.actionHint)}
            value={filters.action ?? ""}
            onApply={(action) => set({ action })}
          />
          <FilterField label={t(auditTexts.object)} value={filters.object ?? ""} onApply={(object) => set({ object })} />
          <NativeSelect
            size="xs"
            label={t(auditTexts.phase)}
            value={filters.phase ?? ""}
            onChange={(event) => {
              const phase = phases.find((one) => one === event.currentTarget.value);
              void navigate({ search: defined({ ...filters, phase }), replace: true });
            }}
            data={[{ value: "", label: t(auditTexts.anyPhase) }, ...phases.map((phase) => ({ value: phase, label: t(phaseTexts[phase]) }))]}
          />
          <InstantField
            label={t(auditTexts.from)}
            value={filters.from}
            onApply={(from) => void navigate({ search: defined({ ...filters, from }), replace: true })}
          />
          <InstantField
            label={t(auditTexts.to)}
            value={filters.to}
            onApply={(to) => void navigate({ search: defined({ ...filters, to }), replace: true })}
          />
          <SavedFilters page="audit" current={filters} onChoose={choose} />
        </>
      }
    >
      <ChainStatus />
      <DataTable
        label={t(navigationTexts.audit)}
        columns={columns}
        list={list}
        rowId={idOf}
        openId={shown ?? null}
        onOpen={(record) => void navigate({ search: { ...filters, record: idOf(record) } })}
        narrowLine={(record) => (
          <>
            <About record={record} /> · <Instant at={record.at} />
          </>
        )}
        empty={<EmptyState title={t(auditTexts.empty)} />}
        {...(isFiltered ? { onClearFilters: () => choose({}) } : {})}
      />
      {drawer.turn === 0 ? null : (
        <Drawer
          key={drawer.turn}
          opened={drawer.opened}
          closeOnEscape={!explaining}
          onClose={() => void navigate({ search: filters })}
          position="right"
          size="lg"
          title={open === undefined ? "" : t(auditTexts.record, { sequence: open.sequence, writer: open.writer })}
          closeButtonProps={{ "aria-label": t(auditTexts.closeRecord) }}
        >
          {open === undefined ? null : <Detail record={open} narrow={choose} />}
        </Drawer>
      )}
    </Page>
  );
};

export const lazyRoute = createLazyRoute("/audit")({ component: AuditPage });

/** Whether the chain holds, as the manager knows it by itself; all of it again for whoever asks, since that reads every record; and its head, to be kept elsewhere (K1). */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { Copyable } from "#web/components/copyable.tsx";
import { ProblemNote } from "#web/components/states.tsx";
import { Ago } from "#web/components/time.tsx";
import { Sentence } from "#web/components/engine-text.tsx";
import { chainTexts } from "#web/i18n/texts/audit.ts";
import { useText } from "#web/i18n/language.ts";
import { auditChainQuery, verifyPermission } from "#web/pages/audit/queries.ts";
import classes from "#web/pages/audit/audit.module.css";

type Chain = Schemas["AuditChain"];

const verify = { permission: verifyPermission } as const;

const Verdict = ({ verified, underWay }: Pick<Chain, "verified" | "underWay">): React.ReactElement => {
  const t = useText();
  if (verified === null)
    return (
      <p role="status" className={classes.verdict} data-ok="unknown">
        <span aria-hidden="true">… </span>
        {underWay === null ? t(chainTexts.notYet) : t(chainTexts.first, { count: underWay })}
      </p>
    );
  const { ok, records, chains, unfinishedActs: unfinished, findings, furtherFindings } = verified;
  return (
    <div role="status">
      <p className={classes.verdict} data-ok={ok}>
        <span aria-hidden="true">{ok ? "✓ " : "✕ "}</span>
        {ok ? t(chainTexts.holds, { count: records }) : t(chainTexts.broken, { count: findings.length + furtherFindings })}
        <span className="soft">
          {" · "}
          {t(chainTexts.chains, { count: chains })}
          {unfinished === 0 ? "" : ` · ${t(chainTexts.unfinished, { count: unfinished })}`}
        </span>
      </p>
      {findings.length === 0 ? null : (
        <ul className={classes.findings}>
          {findings.map((finding) => (
            <li key={`${finding.kind} ${finding.writer ?? ""} ${finding.sequence ?? ""} ${finding.text}`}>
              <Sentence text={finding.text} />
            </li>
          ))}
        </ul>
      )}
      {furtherFindings > 0 ? <p>{t(chainTexts.more, { count: furtherFindings })}</p> : null}
    </div>
  );
};

const Places = ({ chain: { head, checkpoint, verified } }: { readonly chain: Chain }): React.ReactElement => {
  const t = useText();
  const newer = verified === null ? 0 : Math.max(0, head.sequence - verified.upTo);
  return (
    <dl className={classes.places}>
      <div>
        <dt>{t(chainTexts.newest)}</dt>
        <dd>
          {t(chainTexts.place, { sequence: head.sequence })}, <Ago at={head.at} />
        </dd>
      </div>
      <div>
        <dt>{t(chainTexts.checkpoint)}</dt>
        <dd>
          {checkpoint === null ? (
            t(chainTexts.never)
          ) : (
            <>
              {t(chainTexts.place, { sequence: checkpoint.sequence })}, <Ago at={checkpoint.at} />
            </>
          )}
        </dd>
      </div>
      {verified === null ? null : (
        <div>
          <dt>{t(chainTexts.verified)}</dt>
          <dd>
            {t(chainTexts.upTo, { sequence: verified.upTo })}, <Ago at={verified.at} />; {t(chainTexts.whole)} <Ago at={verified.wholeAt} />
            {newer === 0 ? null : <span className="soft"> · {t(chainTexts.newer, { count: newer })}</span>}
          </dd>
        </div>
      )}
    </dl>
  );
};

export const ChainStatus = (): React.ReactElement => {
  const t = useText();
  const queries = useQueryClient();
  const allowed = allowedBy(useMay(verify));
  const chain = useQuery({
    ...auditChainQuery,
    enabled: allowed?.allowed === true,
    refetchInterval: ({ state }) => (state.data?.underWay === null && state.data.verified !== null ? 30_000 : 3000),
  });
  const verifying = useMutation({
    mutationFn: () => call("POST /api/v1/audit/verify", { body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: auditChainQuery.queryKey }),
  });
  const { data } = chain;
  return (
    <section className={classes.chain} aria-label={t(chainTexts.title)}>
      <ActionButton allowed={allowed} question={verify} loading={verifying.isPending} onClick={() => verifying.mutate()}>
        {t(chainTexts.verify)}
      </ActionButton>
      {data === undefined ? null : <Verdict verified={data.verified} underWay={data.underWay} />}
      <ProblemNote error={verifying.error ?? chain.error} />
      {data === undefined ? null : (
        <>
          <Places chain={data} />
          <details>
            <summary>{t(chainTexts.head)}</summary>
            <p className="soft">{t(chainTexts.headHint)}</p>
            <Copyable text={`${data.head.writer} ${data.head.sequence} ${data.head.hash}`} label={t(chainTexts.head)} />
          </details>
        </>
      )}
    </section>
  );
};

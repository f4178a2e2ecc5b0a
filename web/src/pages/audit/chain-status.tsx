/** Whether the chain holds: asked for, since it reads every record; and its head, to be kept elsewhere (K1). */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMay } from "#web/api/access.ts";
import { call } from "#web/api/call.ts";
import type { Operations } from "#web/api/generated.ts";
import { ActionButton, allowedBy } from "#web/components/action-button.tsx";
import { Copyable } from "#web/components/copyable.tsx";
import { ProblemNote } from "#web/components/states.tsx";
import { Words } from "#web/components/words.tsx";
import { chainTexts } from "#web/i18n/texts/audit.ts";
import { useText } from "#web/i18n/language.ts";
import { auditHeadQuery, verifyPermission } from "#web/pages/audit/queries.ts";
import classes from "#web/pages/audit/audit.module.css";

type Report = Operations["POST /api/v1/audit/verify"]["answer"];

const verify = { permission: verifyPermission } as const;

const Verdict = ({ report }: { readonly report: Report }): React.ReactElement => {
  const t = useText();
  const { ok, records, chains, checkpoints, receipts, unfinishedActs: unfinished, findings, furtherFindings } = report;
  return (
    <div role="status">
      <p className={classes.verdict} data-ok={ok}>
        <span aria-hidden="true">{ok ? "✓ " : "✕ "}</span>
        {ok ? t(chainTexts.holds, { count: records }) : t(chainTexts.broken, { count: findings.length + furtherFindings })}
        <span className="soft"> · {t(chainTexts.counts, { chains, checkpoints, receipts, unfinished })}</span>
      </p>
      {findings.length === 0 ? null : (
        <ul lang="en">
          {findings.map((finding) => (
            <li key={`${finding.kind} ${finding.writer ?? ""} ${finding.sequence ?? ""} ${finding.text}`}>
              <Words text={finding.text} />
            </li>
          ))}
        </ul>
      )}
      {furtherFindings > 0 ? <p>{t(chainTexts.more, { count: furtherFindings })}</p> : null}
    </div>
  );
};

export const ChainStatus = (): React.ReactElement => {
  const t = useText();
  const allowed = allowedBy(useMay(verify));
  const head = useQuery({
    ...auditHeadQuery,
    enabled: allowed?.allowed === true,
    refetchInterval: 30_000,
  }).data;
  const verifying = useMutation({ mutationFn: () => call("POST /api/v1/audit/verify", { body: {} }) });
  return (
    <section className={classes.chain} aria-label={t(chainTexts.title)}>
      <ActionButton allowed={allowed} question={verify} loading={verifying.isPending} onClick={() => verifying.mutate()}>
        {t(chainTexts.verify)}
      </ActionButton>
      {verifying.data === undefined ? null : <Verdict report={verifying.data} />}
      <ProblemNote error={verifying.error} />
      {head === undefined ? null : (
        <details>
          <summary>{t(chainTexts.head)}</summary>
          <p className="soft">{t(chainTexts.headHint)}</p>
          <Copyable text={`${head.writer} ${head.sequence} ${head.hash}`} label={t(chainTexts.head)} />
        </details>
      )}
    </section>
  );
};

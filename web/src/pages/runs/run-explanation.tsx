/** Why a run was allowed or refused, beside the list: each of who, may, where and as whom as it was decided then. */
import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { WhoMayThere } from "#web/components/node-admits.tsx";
import { explanationQuery } from "#web/components/run-queries.ts";
import { RunLink } from "#web/components/run-link.tsx";
import { Loaded } from "#web/components/states.tsx";
import { Instant } from "#web/components/time.tsx";
import { ReasonText } from "#web/components/engine-text.tsx";
import { RunSentence } from "#web/components/run-sentence.tsx";
import { explainTexts } from "#web/i18n/texts/explain.ts";
import { runTexts } from "#web/i18n/texts/run.ts";
import { runDialogTexts } from "#web/i18n/texts/run-dialog.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import type { Run } from "#web/pages/runs/use-runs.ts";
import classes from "#web/pages/runs/runs.module.css";

const partTexts = {
  who: runDialogTexts.who,
  may: wordTexts.may,
  where: runDialogTexts.where,
  "as-whom": wordTexts.asWhom,
} as const;

export const RunExplanation = ({ run, onClose }: { readonly run: Run; readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const query = useQuery(explanationQuery(run));
  return (
    <Drawer
      opened
      onClose={onClose}
      title={t(explainTexts.title)}
      position="right"
      size="md"
      closeButtonProps={{ "aria-label": t(explainTexts.close) }}
    >
      <Loaded query={query}>
        {({ sentence, verdicts }) => (
          <>
            <p>
              <RunSentence run={run} sentence={sentence} verdicts={verdicts} />
            </p>
            <ol className={classes.verdicts}>
              {verdicts.map((verdict) => (
                <li key={`${verdict.part} ${verdict.rule} ${verdict.decidedAt}`} data-effect={verdict.effect}>
                  <strong>
                    <span aria-hidden="true">{verdict.effect === "permit" ? "✓ " : "⊘ "}</span>
                    {t(partTexts[verdict.part])}: {t(verdict.effect === "permit" ? wordTexts.permitted : commonTexts.stateRefused)}
                  </strong>
                  <p>
                    <ReasonText reason={verdict} /> <code className="soft">{verdict.rule}</code>
                  </p>
                  <p className="soft">
                    <Instant at={verdict.decidedAt} />
                  </p>
                  <WhoMayThere verdict={verdict} />
                  {verdict.unsigned === true ? (
                    <p className="soft">{t(run.state === "ended" ? runTexts.neverSigned : runTexts.unsigned)}</p>
                  ) : null}
                </li>
              ))}
            </ol>
            <RunLink run={run} />
          </>
        )}
      </Loaded>
    </Drawer>
  );
};

/** A whole run in one sentence: the manager's own, or in another language what is made of the run and of the verdict that refused it. */
import type { Schemas } from "#web/api/generated.ts";
import { Words } from "#web/components/words.tsx";
import { useEngineWords } from "#web/i18n/engine-words.ts";
import type { EngineWords, ToldRun } from "#web/i18n/told.ts";

interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Why it did not start, in the reader's language: what refused it knows its facts, a problem of the start has its own sentence. */
export const whyNotStarted = (words: EngineWords, verdicts: readonly Schemas["Verdict"][], problem: Problem | null): string | null => {
  const refusal = verdicts.findLast(({ effect }) => effect === "deny");
  if (refusal !== undefined && (problem === null || problem.message === refusal.text)) return words.reason(refusal);
  return problem === null ? null : (words.sentence(problem.message) ?? words.title(problem.code));
};

export const RunSentence = ({
  run,
  sentence,
  verdicts,
  problem = null,
}: {
  readonly run: ToldRun;
  /** The manager's. */
  readonly sentence: string;
  readonly verdicts: readonly Schemas["Verdict"][];
  readonly problem?: Problem | null;
}): React.ReactElement => {
  const words = useEngineWords();
  return words === null ? (
    <span lang="en">
      <Words text={sentence} />
    </span>
  ) : (
    <span>
      <Words text={words.runSentence(run, whyNotStarted(words, verdicts, problem) ?? "")} />
    </span>
  );
};

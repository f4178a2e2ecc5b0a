/** The designed states of whatever is loaded: loading, empty, not permitted, broken, unreachable, stale. Nothing is ever blank. */
import { Button, Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { asProblem, unreachableCode, type ApiProblem } from "#web/api/api-problem.ts";
import { commonTexts, stateTexts } from "#web/i18n/texts/common.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import type { Translate } from "#web/i18n/text.ts";
import { renderLocal } from "#web/components/render-time.ts";
import { Words } from "#web/components/words.tsx";
import { ReasonText, Sentence } from "#web/components/engine-text.tsx";
import { useEngineWords } from "#web/i18n/engine-words.ts";
import type { EngineWords } from "#web/i18n/told.ts";
import classes from "#web/components/states.module.css";

export const LoadingState = (): React.ReactElement => {
  const t = useText();
  return (
    <div className={classes.state} role="status">
      <Loader size="sm" type="dots" aria-hidden="true" />
      <span className="visually-hidden">{t(commonTexts.loading)}</span>
    </div>
  );
};

export const EmptyState = ({
  title,
  hint,
  action,
}: {
  readonly title: string;
  readonly hint?: React.ReactNode;
  readonly action?: React.ReactNode;
}): React.ReactElement => (
  <div className={classes.state}>
    <p className={classes.title}>{title}</p>
    {hint === undefined ? null : <p className={classes.hint}>{hint}</p>}
    {action}
  </div>
);

const titleOf = (problem: ApiProblem, t: Translate): string => {
  if (problem.code === unreachableCode) return t(stateTexts.unreachable);
  if (problem.status === 403) return t(stateTexts.notPermitted);
  return t(problem.status === 404 ? stateTexts.notFound : stateTexts.broken);
};

/** A problem in place of what it kept from being shown. */
export const ProblemState = ({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): React.ReactElement => {
  const t = useText();
  const problem = asProblem(error);
  return (
    <div className={classes.state} role="alert">
      <p className={classes.title}>{titleOf(problem, t)}</p>
      <ProblemWords problem={problem} said />
      {/* Trying again helps where something failed, not where somebody decided. */}
      {retry === undefined || problem.status === 403 ? null : (
        <Button variant="default" size="xs" onClick={retry}>
          {t(commonTexts.retry)}
        </Button>
      )}
    </div>
  );
};

/** Of the sentences that a problem consists of, what stands in the reader's language, and what only the engine can say. */
const toldIn = (
  words: EngineWords | null,
  problem: ApiProblem,
): { readonly message: string; readonly hint: string; readonly rest: string[] } => {
  const { code, message, hint } = problem;
  const title = words?.title(code) ?? null;
  if (words === null || title === null) return { message, hint, rest: [] };
  const said = words.sentence(message);
  const advice = words.hint(code, hint);
  return {
    message: said ?? title,
    hint: advice ?? words.hint(code, "") ?? "",
    rest: [...(said === null ? [message] : []), ...(advice === null ? [hint] : [])],
  };
};

/** Message, hint and code as the manager tells them; in another language than English what its catalogue has, the engine's own words below it. */
export const ProblemWords = ({
  problem,
  said = false,
}: {
  readonly problem: ApiProblem;
  /** That the manager cannot be reached stands above it already. */
  readonly said?: boolean;
}): React.ReactElement => {
  const t = useText();
  const words = useEngineWords();
  const isOwn = words !== null && words.title(problem.code) !== null;
  const { message, hint, rest } = toldIn(words, problem);
  return (
    <div className={classes.words}>
      {problem.code === unreachableCode && said ? null : (
        <p lang={isOwn ? undefined : "en"}>
          <Words text={message} />
        </p>
      )}
      {problem.because === null || problem.message.includes(problem.because.text) ? null : (
        <p>
          <ReasonText reason={problem.because} />
        </p>
      )}
      {problem.further.length === 0 ? null : (
        <ul>
          {[...new Set(problem.further.map((one) => one.message))].map((one) => (
            <li key={one}>
              <Sentence text={one} />
            </li>
          ))}
        </ul>
      )}
      {hint === "" ? null : (
        <p className={classes.hint} lang={isOwn ? undefined : "en"}>
          <Words text={hint} />
        </p>
      )}
      {rest.map((english) => (
        <p key={english} className={classes.code} lang="en">
          <Words text={english} />
        </p>
      ))}
      {problem.code.startsWith("cockpit.") ? null : <p className={classes.code}>{t(stateTexts.code, { code: problem.code })}</p>}
    </div>
  );
};

/** A problem above a form or below a button. */
export const ProblemNote = ({ error }: { readonly error: unknown }): React.ReactElement | null =>
  error === null || error === undefined ? null : (
    <div className={classes.note} role="alert">
      <ProblemWords problem={asProblem(error)} />
    </div>
  );

/** Shows what was loaded; while, before and instead of it, its state. What was loaded before and cannot be loaded again is shown as old. */
export function Loaded<T>({
  query,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => React.ReactNode;
}): React.ReactElement {
  const t = useText();
  const language = useLanguage();
  if (query.data === undefined)
    return query.isError ? <ProblemState error={query.error} retry={() => void query.refetch()} /> : <LoadingState />;
  return (
    <>
      {query.isError ? (
        <div className={classes.stale} role="status">
          {t(stateTexts.stale, { time: renderLocal(new Date(query.dataUpdatedAt).toISOString(), language) })}
        </div>
      ) : null}
      {children(query.data)}
    </>
  );
}

/** The designed states of whatever is loaded: loading, empty, not permitted, broken, unreachable, stale. Nothing is ever blank. */
import { Button, Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { asProblem, unreachableCode, type ApiProblem } from "#web/api/api-problem.ts";
import { commonTexts, stateTexts } from "#web/i18n/texts/common.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import type { Translate } from "#web/i18n/text.ts";
import { renderLocal } from "#web/components/render-time.ts";
import { Words } from "#web/components/words.tsx";
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
      <ProblemWords problem={problem} />
      {/* Trying again helps where something failed, not where somebody decided. */}
      {retry === undefined || problem.status === 403 ? null : (
        <Button variant="default" size="xs" onClick={retry}>
          {t(commonTexts.retry)}
        </Button>
      )}
    </div>
  );
};

/** Message, hint and code as the manager tells them (in English, as the command line and the log do). */
export const ProblemWords = ({ problem }: { readonly problem: ApiProblem }): React.ReactElement => {
  const t = useText();
  return (
    <div className={classes.words} lang="en">
      <p>
        <Words text={problem.message} />
      </p>
      {problem.because === null || problem.message.includes(problem.because.text) ? null : (
        <p>
          <Words text={problem.because.text} />
        </p>
      )}
      {problem.further.length === 0 ? null : (
        <ul>
          {[...new Set(problem.further.map(({ message }) => message))].map((message) => (
            <li key={message}>
              <Words text={message} />
            </li>
          ))}
        </ul>
      )}
      {problem.hint === "" ? null : (
        <p className={classes.hint}>
          <Words text={problem.hint} />
        </p>
      )}
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

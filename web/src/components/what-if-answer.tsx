/** What a change of roles, accounts or tests would come to, before it lands: who gains, who loses, what keeps it from landing. */
import type { Operations } from "#web/api/generated.ts";
import { Section } from "#web/components/page.tsx";
import { PolicyTestCases } from "#web/components/policy-test-cases.tsx";
import { Ago } from "#web/components/time.tsx";
import { ReasonText, Sentence } from "#web/components/engine-text.tsx";
import { whatIfTexts, accessTexts } from "#web/i18n/texts/access.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { useText } from "#web/i18n/language.ts";
import type { Translate } from "#web/i18n/text.ts";
import classes from "#web/components/what-if-answer.module.css";

export type WhatIf = Operations["POST /api/v1/what-if"]["answer"];
type Line = WhatIf["gains"][number];

const mostShown = 200;
const actionWords = { create: whatIfTexts.create, edit: whatIfTexts.edit, delete: whatIfTexts.delete, none: whatIfTexts.none } as const;

/** Where a line holds: folders and controllers in words. */
const whereOf = (line: Line, t: Translate): string => {
  const places = line.folders === null ? t(whatIfTexts.everywhere) : t(whatIfTexts.inFolders, { folders: line.folders.join(", ") });
  const except = line.exceptFolders.length === 0 ? "" : ` ${t(whatIfTexts.except, { names: line.exceptFolders.join(", ") })}`;
  const controllers =
    line.controller === null
      ? line.exceptControllers.length === 0
        ? ""
        : `, ${t(whatIfTexts.allControllersBut, { names: line.exceptControllers.join(", ") })}`
      : `, ${t(whatIfTexts.ofController, { controller: line.controller })}`;
  return `${places}${except}${controllers}`;
};

const Lines = ({
  title,
  sign,
  lines,
}: {
  readonly title: string;
  readonly sign: string;
  readonly lines: readonly Line[];
}): React.ReactElement => {
  const t = useText();
  const people = Map.groupBy(lines.slice(0, mostShown), (line) => line.accessId);
  return (
    <div role="group" aria-label={title} className={classes.side} data-sign={sign}>
      <h3>
        <span aria-hidden="true">{sign} </span>
        {title}
      </h3>
      {lines.length === 0 ? <p className="soft">{t(wordTexts.nobody)}</p> : null}
      <ul>
        {[...people].map(([accessId, own]) => (
          <li key={accessId}>
            <strong>{own[0]?.name}</strong>
            <ul>
              {own.map((line) => (
                <li key={JSON.stringify(line)}>
                  <code>{line.permission}</code> {whereOf(line, t)}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {lines.length > mostShown ? <p>{t(whatIfTexts.more, { count: lines.length - mostShown })}</p> : null}
    </div>
  );
};

const Guards = ({ guards }: { readonly guards: WhatIf["guards"] }): React.ReactElement | null => {
  const t = useText();
  if (guards.length === 0) return null;
  return (
    <ul className={classes.guards} aria-label={t(whatIfTexts.guards)}>
      {guards.map((guard) => (
        <li key={guard.code + guard.message} data-confirm={guard.confirm}>
          <strong>{t(guard.confirm ? whatIfTexts.toConfirm : whatIfTexts.keepsOff)}</strong>{" "}
          <Sentence text={guard.hint === "" ? guard.message : `${guard.message}. ${guard.hint}`} />
        </li>
      ))}
    </ul>
  );
};

export const WhatIfAnswer = ({
  answer,
  changes = false,
}: {
  readonly answer: WhatIf;
  /** Show what is changed, too. */ readonly changes?: boolean;
}): React.ReactElement => {
  const t = useText();
  const { totals, submissions, tests, notices } = answer;
  const told = [...new Set([...answer.changes.flatMap((one) => one.notices), ...notices.map(({ text }) => text)])];
  const failing = tests.filter((test) => !test.passed);
  return (
    <div className={classes.answer}>
      <Guards guards={answer.guards} />
      {told.length === 0 ? null : (
        <ul className={classes.notices} aria-label={t(whatIfTexts.notices)}>
          {told.map((text) => (
            <li key={text}>
              <Sentence text={text} />
            </li>
          ))}
        </ul>
      )}
      {changes ? (
        <Section title={t(whatIfTexts.changes)}>
          <ul className={classes.list}>
            {answer.changes.map((one) => (
              <li key={`${one.kind} ${one.name}`}>
                {one.kind} <strong>{one.name}</strong> · {t(actionWords[one.action])}
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      <p role="status">
        {totals.accounts === 0 ? t(whatIfTexts.noAccess) : t(whatIfTexts.accounts, { count: totals.accounts })}
        {totals.uncompared === 0 ? "" : ` ${t(whatIfTexts.uncompared, { count: totals.uncompared })}`}
      </p>
      {totals.accounts === 0 ? null : (
        <div className={classes.sides}>
          <Lines title={t(whatIfTexts.gains)} sign="+" lines={answer.gains} />
          <Lines title={t(whatIfTexts.losses)} sign="−" lines={answer.losses} />
        </div>
      )}
      {submissions.days === 0 ? null : (
        <div role="group" aria-label={t(whatIfTexts.submissions)}>
          <p>
            {t(whatIfTexts.submissionsText, {
              otherwise: submissions.otherwiseTotal,
              compared: submissions.compared,
              days: submissions.days,
            })}
          </p>
          <ul className={classes.list}>
            {submissions.otherwise.map((one) => (
              <li key={one.id ?? `${one.at} ${one.submitter.accessId} ${one.job}`}>
                <span aria-hidden="true">{one.after === "permit" ? "✓ " : "⊘ "}</span>
                {t(one.after === "permit" ? whatIfTexts.nowPermitted : whatIfTexts.nowRefused, {
                  name: one.submitter.name,
                  job: one.job,
                })}{" "}
                (<Ago at={one.at} />){" "}
                <span className="soft">
                  <ReasonText reason={one.because} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {tests.length === 0 ? null : (
        <div role="group" aria-label={t(accessTexts.tests)}>
          <p>
            {failing.length === 0
              ? t(whatIfTexts.testsPass, { count: tests.length })
              : t(whatIfTexts.testsFail, { count: failing.length, total: tests.length })}
          </p>
          {failing.map((test) => (
            <PolicyTestCases key={test.name} result={test} />
          ))}
        </div>
      )}
    </div>
  );
};

/** What keeps a change from landing altogether. */
export const isKeptOff = (answer: WhatIf): boolean =>
  answer.guards.some((guard) => !guard.confirm) || answer.tests.some((test) => !test.passed);
export const mustConfirm = (answer: WhatIf): boolean => answer.guards.some((guard) => guard.confirm);

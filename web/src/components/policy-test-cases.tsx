/** One policy test as it was run: each case, and of a failing one the reason and the smallest change that would mend it. */
import type { Schemas } from "#web/api/generated.ts";
import { whatIfTexts } from "#web/i18n/texts/access.ts";
import { useText } from "#web/i18n/language.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { ReasonText, Sentence } from "#web/components/engine-text.tsx";
import classes from "#web/components/what-if-answer.module.css";

export const PolicyTestCases = ({ result }: { readonly result: Schemas["PolicyTestResult"] }): React.ReactElement => {
  const t = useText();
  return (
    <section className={classes.test} aria-label={result.name}>
      <h3>
        <span aria-hidden="true">{result.passed ? "✓ " : "✕ "}</span>
        {result.name} · {t(result.passed ? whatIfTexts.passed : commonTexts.stateFailed)}
      </h3>
      {result.description === null ? null : <p className="soft">{result.description}</p>}
      <ul className={classes.list}>
        {result.cases.map((one) => (
          <li key={one.case} data-passed={one.passed}>
            <span aria-hidden="true">{one.passed ? "✓ " : "✕ "}</span>
            <span className="visually-hidden">{t(one.passed ? whatIfTexts.passed : commonTexts.stateFailed)} </span>
            <code>{one.case}</code>
            {one.passed ? null : (
              <div className={classes.why}>
                {one.source === null ? null : (
                  <p className="soft">
                    <Sentence text={one.source} />
                  </p>
                )}
                <p>{one.because?.text === one.message ? <ReasonText reason={one.because} /> : <Sentence text={one.message} />}</p>
                {one.because === null || one.message.includes(one.because.text) ? null : (
                  <p>
                    <ReasonText reason={one.because} />
                  </p>
                )}
                {one.change === null ? null : (
                  <p>
                    <Sentence text={one.change} />
                  </p>
                )}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
};

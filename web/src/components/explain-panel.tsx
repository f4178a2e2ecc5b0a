/** Why something is allowed or refused: asked, decided by, would flip if, who can. Always asked anew; the manager filters what the reader may know. */
import { useQuery } from "@tanstack/react-query";
import { Drawer } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { closeExplain, explained, type ExplainQuestion } from "#web/components/explain.ts";
import { ReasonText, Sentence } from "#web/components/engine-text.tsx";
import { Loaded, LoadingState, ProblemWords } from "#web/components/states.tsx";
import { explainTexts } from "#web/i18n/texts/explain.ts";
import { useEngineWords } from "#web/i18n/engine-words.ts";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { Words } from "#web/components/words.tsx";
import classes from "#web/components/explain-panel.module.css";

type Because = Schemas["Because"];
type Answer = Schemas["Explanation"];

const shownAccounts = 10;
const othersPermission = "manager:explain:others";

const Proof = ({ because, steps }: { readonly because: Because; readonly steps: Answer["change"]["steps"] }): React.ReactElement => (
  <li>
    <ReasonText reason={because} steps={steps} /> <code className="soft">{because.rule}</code>
    {because.children === undefined || because.children.length === 0 ? null : (
      <ul>
        {because.children.map((child, index) => (
          // The tree never changes while it is shown, and two reasons may read alike.
          // oxlint-disable-next-line react/no-array-index-key
          <Proof key={index} because={child} steps={steps} />
        ))}
      </ul>
    )}
  </li>
);

const WhoCanAnswer = ({ question }: { readonly question: ExplainQuestion }): React.ReactElement => {
  const t = useText();
  const access = useAccess();
  const mayAsk = access !== null && mayAnywhere(othersPermission, access).effect === "permit";
  const { permission, on, controller } = question;
  const query = useQuery({
    queryKey: ["who-can", permission, on, controller],
    enabled: mayAsk,
    queryFn: ({ signal }) => {
      const place = { ...(on === undefined ? {} : { on }), ...(controller === undefined ? {} : { controller }) };
      return call("POST /api/v1/who-can", { body: { permission, ...place, limit: shownAccounts } }, { signal, background: true });
    },
  });
  if (access === null) return <LoadingState />;
  if (!mayAsk) return <p className="soft">{t(explainTexts.whoCanHidden)}</p>;
  return (
    <Loaded query={query}>
      {({ items, named, total }) =>
        total === 0 ? (
          <p>{t(explainTexts.whoCanNone)}</p>
        ) : !named ? (
          <p>{t(explainTexts.whoCanCount, { count: total })}</p>
        ) : (
          <p>
            {items.map(({ name }) => name).join(", ")}
            {total > items.length ? ` ${t(explainTexts.whoCanMore, { count: total - items.length })}` : ""}
          </p>
        )
      }
    </Loaded>
  );
};

/** Where the entry that decided was written. */
const Source = ({ deciding }: { readonly deciding: Answer["decidedBy"] }): React.ReactElement | null => {
  const t = useText();
  if (deciding === null) return null;
  return (
    <p className="soft">
      <code>{deciding.entry}</code> {t(explainTexts.ofRole, { role: deciding.role })}
      {deciding.source === null ? null : (
        <>
          {" "}
          · <Sentence text={deciding.source} />
        </>
      )}
    </p>
  );
};

const Change = ({ change }: { readonly change: Answer["change"] }): React.ReactElement => {
  const own = useEngineWords()?.change(change.steps) ?? null;
  return own === null ? (
    <p lang="en">
      <Words text={change.text} />
    </p>
  ) : (
    <p>
      <Words text={own} />
    </p>
  );
};

const Changer = ({ change }: { readonly change: Answer["change"] }): React.ReactElement => {
  const t = useText();
  const { byActor, byWhom, needs } = change;
  const named = byWhom === null ? "" : [...byWhom.accounts.map(({ name }) => name), ...(byWhom.more ? ["…"] : [])].join(", ");
  return (
    <p className="soft">
      {byActor
        ? t(explainTexts.changedByYou, { permission: needs })
        : named === ""
          ? t(explainTexts.changedByHolder, { permission: needs })
          : t(explainTexts.changedBy, { names: named })}
    </p>
  );
};

/** The four answers about one question; also used inside pages. */
export const Explanation = ({ question }: { readonly question: ExplainQuestion }): React.ReactElement => {
  const t = useText();
  const { permission, on, controller, actor } = question;
  const query = useQuery({
    queryKey: ["explain", permission, on, controller, actor],
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const body = {
        permission,
        ...(on === undefined ? {} : { on }),
        ...(controller === undefined ? {} : { controller }),
        ...(actor === undefined ? {} : { actor }),
      };
      // One question has one answer; only `questions` has `items`.
      return (await call("POST /api/v1/explain", { body }, { signal, background: true })) as Answer;
    },
  });
  return (
    <Loaded query={query}>
      {(answer) => (
        <div className={classes.answer}>
          <h3>{t(explainTexts.asked)}</h3>
          <p>
            {t(explainTexts.askedText, { actor: answer.question.actor, permission: "" })} <code>{answer.question.permission}</code>{" "}
            {on === undefined ? "" : t(explainTexts.on, { path: on })}{" "}
            {controller === undefined ? "" : t(explainTexts.ofController, { controller })}
          </p>
          <h3>{t(explainTexts.answer)}</h3>
          <p className={classes.verdict} data-effect={answer.effect}>
            <span aria-hidden="true">{answer.effect === "permit" ? "✓ " : "⊘ "}</span>
            <span>{t(answer.effect === "permit" ? wordTexts.permitted : commonTexts.stateRefused)}</span>
          </p>
          <h3>{t(explainTexts.decidedBy)}</h3>
          <p>
            <ReasonText reason={answer.because} /> <code className="soft">{answer.because.rule}</code>
          </p>
          <Source deciding={answer.decidedBy} />
          <Source deciding={answer.folder} />
          {answer.effect === "permit" || answer.change.steps.length === 0 ? null : (
            <>
              <h3>{t(explainTexts.flip)}</h3>
              <Change change={answer.change} />
              <Changer change={answer.change} />
            </>
          )}
          <h3>{t(wordTexts.whoCan)}</h3>
          <WhoCanAnswer question={question} />
          {answer.because.children === undefined || answer.because.children.length === 0 ? null : (
            <details className={classes.proof}>
              <summary>{t(wordTexts.howDecided)}</summary>
              <ul>
                {answer.because.children.map((child, index) => (
                  // oxlint-disable-next-line react/no-array-index-key
                  <Proof key={index} because={child} steps={answer.change.steps} />
                ))}
              </ul>
            </details>
          )}
          <p className="soft">{t(explainTexts.asOfNow)}</p>
        </div>
      )}
    </Loaded>
  );
};

/** The reason of a refusal that has no question of the tree behind it. */
export const RefusalWords = ({ error }: { readonly error: unknown }): React.ReactElement => <ProblemWords problem={asProblem(error)} />;

/** The panel of the whole cockpit; `explain()` opens it. */
export const ExplainPanel = (): React.ReactElement => {
  const t = useText();
  const question = useSyncExternalStore(explained.subscribe, explained.get);
  return (
    <Drawer
      opened={question !== null}
      onClose={closeExplain}
      title={t(explainTexts.title)}
      position="right"
      size="md"
      closeButtonProps={{ "aria-label": t(explainTexts.close) }}
    >
      {question === null ? null : <Explanation question={question} />}
    </Drawer>
  );
};

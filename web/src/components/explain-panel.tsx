/** Why something is allowed or refused: asked, decided by, would flip if, who can. Always asked anew; the manager filters what the reader may know. */
import { useQuery } from "@tanstack/react-query";
import { Drawer } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { mayAnywhere, useAccess } from "#web/api/access.ts";
import { asProblem } from "#web/api/api-problem.ts";
import { call, send } from "#web/api/call.ts";
import type { Schemas } from "#web/api/generated.ts";
import { closeExplain, explained, type ExplainQuestion } from "#web/components/explain.ts";
import { Loaded, LoadingState, ProblemWords } from "#web/components/states.tsx";
import { explainTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/components/explain-panel.module.css";

type Because = Schemas["Because"];

/** As `POST /api/v1/who-can` answers. */
interface WhoCan {
  readonly items: readonly { readonly accessId: string; readonly name: string; readonly service: string }[];
  readonly total: number;
}

const shownAccounts = 10;
const othersPermission = "manager:explain:others";

const Proof = ({ because }: { readonly because: Because }): React.ReactElement => (
  <li>
    <span lang="en">{because.text}</span> <code className="soft">{because.rule}</code>
    {because.children === undefined || because.children.length === 0 ? null : (
      <ul>
        {because.children.map((child, index) => (
          // The tree never changes while it is shown, and two reasons may read alike.
          // oxlint-disable-next-line react/no-array-index-key
          <Proof key={index} because={child} />
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
    queryFn: async ({ signal }): Promise<WhoCan> => {
      const body = { permission, on, controller, limit: shownAccounts };
      return (await (await send("POST", "/api/v1/who-can", { signal, background: true, body })).json()) as WhoCan;
    },
  });
  if (access === null) return <LoadingState />;
  if (!mayAsk) return <p className="soft">{t(explainTexts.whoCanHidden)}</p>;
  return (
    <Loaded query={query}>
      {({ items, total }) =>
        total === 0 ? (
          <p>{t(explainTexts.whoCanNone)}</p>
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

/** The four answers about one question; also used inside pages. */
export const Explanation = ({ question }: { readonly question: ExplainQuestion }): React.ReactElement => {
  const t = useText();
  const { permission, on, controller, actor } = question;
  const query = useQuery({
    queryKey: ["explain", permission, on, controller, actor],
    staleTime: 0,
    queryFn: ({ signal }) =>
      call(
        "POST /api/v1/explain",
        {
          body: {
            permission,
            ...(on === undefined ? {} : { on }),
            ...(controller === undefined ? {} : { controller }),
            ...(actor === undefined ? {} : { actor }),
          },
        },
        { signal, background: true },
      ),
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
            {t(answer.effect === "permit" ? explainTexts.permit : explainTexts.deny)}
          </p>
          <h3>{t(explainTexts.decidedBy)}</h3>
          <p lang="en">
            {answer.because.text} <code className="soft">{answer.because.rule}</code>
          </p>
          {answer.hint === null ? null : (
            <>
              <h3>{t(explainTexts.flip)}</h3>
              <p lang="en">{answer.hint}</p>
            </>
          )}
          <h3>{t(explainTexts.whoCan)}</h3>
          <WhoCanAnswer question={question} />
          {answer.because.children === undefined || answer.because.children.length === 0 ? null : (
            <details className={classes.proof}>
              <summary>{t(explainTexts.proof)}</summary>
              <ul>
                {answer.because.children.map((child, index) => (
                  // oxlint-disable-next-line react/no-array-index-key
                  <Proof key={index} because={child} />
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

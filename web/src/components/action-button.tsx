/**
 * A button for an act that needs a permission: enabled where it is permitted, disabled with the reason where it is refused, absent only
 * where the actor may not know. A disabled one keeps its place in the tab order, so that the reason can be read without a mouse.
 */
import { Button, type ButtonProps } from "@mantine/core";
import { useId } from "react";
import type { Verdict } from "#access/verdict.ts";
import type { Schemas } from "#web/api/generated.ts";
import { useSaid } from "#web/components/engine-text.tsx";
import { explain, type ExplainQuestion } from "#web/components/explain.ts";
import { Hint } from "#web/components/hint.tsx";
import { WhyButton } from "#web/components/why-button.tsx";
import { Words } from "#web/components/words.tsx";
import classes from "#web/components/action-button.module.css";

/** A verdict of the preview, or what the API says about an item. */
export type Allowed =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly reason: string;
      /** The reason is as the engine says it, and not in the page's words. */
      readonly isEngines?: boolean;
      /** The actor may not know of it. */
      readonly hidden?: boolean;
    };

export const allowedBy = (verdict: Verdict | null): Allowed | null => {
  if (verdict === null) return null;
  return verdict.effect === "permit" ? { allowed: true } : refusedBy(verdict.problem);
};

/** The same of what the API says about an item of a list; undefined: it was not asked. */
export const allowedByHint = (hint: NonNullable<Schemas["RunSummary"]["may"]>[string] | undefined): Allowed | null =>
  hint === undefined ? null : hint.effect === "permit" ? { allowed: true } : refusedBy(hint);

const refusedBy = ({ code, message }: { readonly code: string; readonly message: string }): Allowed => ({
  allowed: false,
  reason: message,
  isEngines: true,
  hidden: code === "access.not-found",
});

export interface ActionButtonProps extends ButtonProps {
  readonly children: string;
  /** Null: not known yet. */
  readonly allowed: Allowed | null;
  /** Behind the "why?" of a refusal. */
  readonly question?: ExplainQuestion;
  /** Absent: it submits its form. */
  readonly onClick?: () => void;
}

export const ActionButton = ({ children, allowed, question, onClick, ...rest }: ActionButtonProps): React.ReactElement | null => {
  const reasonId = useId();
  const said = useSaid();
  if (allowed?.allowed === false && allowed.hidden === true) return null;
  const refused =
    allowed?.allowed !== false ? null : allowed.isEngines === true ? said(allowed.reason) : { text: allowed.reason, lang: undefined };
  const button = (
    <Button
      variant="default"
      size="xs"
      {...rest}
      aria-disabled={refused !== null || allowed === null || undefined}
      data-disabled={refused !== null || allowed === null || undefined}
      aria-describedby={refused === null ? undefined : reasonId}
      type={onClick === undefined ? "submit" : "button"}
      onClick={(event) => {
        if (allowed?.allowed !== true) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
    </Button>
  );
  if (refused === null) return button;
  return (
    <span className={classes.refused}>
      <Hint label={refused.text} lang={refused.lang}>
        {button}
      </Hint>
      <span id={reasonId} className="visually-hidden" lang={refused.lang}>
        <Words text={refused.text} />
      </span>
      {question === undefined ? null : <WhyButton subject={children} onClick={() => explain(question)} />}
    </span>
  );
};

/** The state of a run or node: sign, word and colour, so that colour never stands alone. */
import type { Text } from "#web/i18n/text.ts";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";
import classes from "#web/components/state-mark.module.css";

const marks = {
  queued: ["idle", "·", commonTexts.stateQueued],
  offered: ["idle", "·", commonTexts.stateOffered],
  accepted: ["idle", "·", commonTexts.stateAccepted],
  running: ["live", "●", commonTexts.stateRunning],
  ended: ["idle", "·", commonTexts.stateEnded],
  succeeded: ["good", "✓", commonTexts.stateSucceeded],
  failed: ["bad", "✕", commonTexts.stateFailed],
  "timed-out": ["bad", "◷", commonTexts.stateTimedOut],
  cancelled: ["warn", "■", commonTexts.stateCancelled],
  refused: ["bad", "⊘", commonTexts.stateRefused],
  unknown: ["warn", "?", commonTexts.stateUnknown],
  online: ["good", "✓", commonTexts.stateOnline],
  offline: ["warn", "○", commonTexts.stateOffline],
  revoked: ["bad", "⊘", commonTexts.stateRevoked],
  degraded: ["warn", "!", commonTexts.stateDegraded],
} as const;

export type MarkedState = keyof typeof marks;

export const stateText = (state: MarkedState): Text => marks[state][2];

export const StateMark = ({ state }: { readonly state: MarkedState }): React.ReactElement => {
  const t = useText();
  const [tone, sign, text] = marks[state];
  return (
    <span className={classes.mark} data-tone={tone}>
      <span aria-hidden="true" className={classes.sign}>
        {sign}
      </span>{" "}
      {t(text)}
    </span>
  );
};

/**
 * A small button that shows a sign, or a word, and says what it does to those who do not see what it stands beside. Plain: lists have several
 * in each row, and one of the library's takes as long to make as the rest of such a row.
 */
import classes from "#web/components/sign-button.module.css";

export interface SignButtonProps {
  /** What it does, and to what. */
  readonly label: string;
  readonly sign: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
}

export const SignButton = ({ label, sign, onClick, disabled = false }: SignButtonProps): React.ReactElement => (
  <button type="button" className={classes.button} aria-label={label} disabled={disabled} onClick={onClick}>
    <span aria-hidden="true">{sign}</span>
  </button>
);

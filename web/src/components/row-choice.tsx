/** A box to tick in a row of a list. The browser's own: one of the library's in each row takes as long to make as the rest of the row. */
import classes from "#web/components/row-choice.module.css";

export interface RowChoiceProps {
  readonly label: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export const RowChoice = ({ label, checked, disabled = false, onChange }: RowChoiceProps): React.ReactElement => (
  <input
    type="checkbox"
    className={classes.choice}
    aria-label={label}
    checked={checked}
    disabled={disabled}
    onChange={(event) => onChange(event.currentTarget.checked)}
  />
);

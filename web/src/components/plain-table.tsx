/** A short table that is shown whole; where it is wider than the window it scrolls by itself, with the keyboard too. */
import classes from "#web/components/plain-table.module.css";

export interface PlainTableProps {
  readonly label: string;
  readonly headers: readonly string[];
  /** Rows. */
  readonly children: React.ReactNode;
}

export const PlainTable = ({ label, headers, children }: PlainTableProps): React.ReactElement => (
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
  <div className={classes.scroll} role="group" aria-label={label} tabIndex={0}>
    <table className={classes.table}>
      <thead>
        <tr>
          {headers.map((header) => (
            <th key={header} scope="col">
              {header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

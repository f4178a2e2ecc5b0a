/** Links between the parts of a page, below its heading. */
import { Link } from "@tanstack/react-router";
import classes from "#web/components/parts.module.css";

export type PartLink = readonly [to: React.ComponentProps<typeof Link>["to"], text: string];

export const Parts = ({
  label,
  parts,
  within,
}: {
  readonly label: string;
  readonly parts: readonly PartLink[];
  /** The part that a page of one of its objects belongs to. */
  readonly within?: PartLink[0];
}): React.ReactElement => (
  <nav aria-label={label} className={classes.parts}>
    {parts.map(([to, text]) => (
      <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }} data-within={to === within || undefined}>
        {text}
      </Link>
    ))}
  </nav>
);

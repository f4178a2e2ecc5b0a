/** A job by its path, leading to it. */
import { Link } from "@tanstack/react-router";
import classes from "#web/components/job-link.module.css";

/** For `params` of addresses that end in a job's path. */
export const jobParams = (path: string): { readonly _splat: string } => ({ _splat: path.slice(1) });

export const JobLink = ({ path, children }: { readonly path: string; readonly children?: React.ReactNode }): React.ReactElement => (
  <Link to="/jobs/$" params={jobParams(path)}>
    {children ?? path}
  </Link>
);

/**
 * A path in a column: where there is no room the folders shorten, the name stays. What is in it reads as two pieces, so the link around it is
 * called by `aria-label`.
 */
export const ShortPath = ({ path, below = "/" }: { readonly path: string; readonly below?: string }): React.ReactElement => {
  const cut = path.lastIndexOf("/") + 1;
  const name = path.slice(cut);
  // A letter is about as wide as a digit, capitals and other scripts wider; a name alone wider than its column is cut by the column.
  const nameCh = Math.ceil([...name].reduce((sum, letter) => sum + (letter > "\u02ff" ? 1.9 : 1.02), 0.6));
  return (
    <>
      <span className={classes.folders} style={{ maxWidth: `max(0px, 100% - ${nameCh}ch)` }}>
        {path.slice(below === "/" ? 0 : below.length + 1, cut)}
      </span>
      {name}
    </>
  );
};

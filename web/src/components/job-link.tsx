/** A job by its path, leading to it. */
import { Link } from "@tanstack/react-router";

/** For `params` of addresses that end in a job's path. */
export const jobParams = (path: string): { readonly _splat: string } => ({ _splat: path.slice(1) });

export const JobLink = ({ path, children }: { readonly path: string; readonly children?: React.ReactNode }): React.ReactElement => (
  <Link to="/jobs/$" params={jobParams(path)}>
    {children ?? path}
  </Link>
);

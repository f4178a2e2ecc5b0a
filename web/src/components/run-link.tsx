/** A run by its job's path, leading to the run. */
import { Link } from "@tanstack/react-router";
import { ShortPath } from "#web/components/job-link.tsx";

export const runAddress = (id: string): string => `/runs/${id}`;

export const RunLink = ({ run }: { readonly run: { readonly id: string; readonly job: string } }): React.ReactElement => (
  <Link to={runAddress(run.id)}>{run.job}</Link>
);

/** The same in a column of a table. */
export const ShortRunLink = ({ run }: { readonly run: { readonly id: string; readonly job: string } }): React.ReactElement => (
  <Link to={runAddress(run.id)} aria-label={run.job} title={run.job}>
    <ShortPath path={run.job} />
  </Link>
);

/** A run by its job's path, leading to the run. */
import { Link } from "@tanstack/react-router";

export const runAddress = (id: string): string => `/runs/${id}`;

export const RunLink = ({ run }: { readonly run: { readonly id: string; readonly job: string } }): React.ReactElement => (
  <Link to={runAddress(run.id)}>{run.job}</Link>
);

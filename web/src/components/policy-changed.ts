/** After any change of roles, accounts or assignments: everything that was decided from them is asked for again. */
import type { QueryClient } from "@tanstack/react-query";

const decidedFrom = ["roles", "accounts", "access", "explain", "who-can", "policy-tests"];

export const policyChanged = async (queries: QueryClient): Promise<void> => {
  await Promise.all(decidedFrom.map((key) => queries.invalidateQueries({ queryKey: [key] })));
};

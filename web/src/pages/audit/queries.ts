/** What the page of the record asks for. */
import { queryOptions } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";
import { listQuery } from "#web/api/list.ts";
import type { AuditSearch } from "#web/pages/audit/route.ts";

export const verifyPermission = "manager:auditlog:verify";

export const auditQuery = (filters: Omit<AuditSearch, "record">) =>
  listQuery("audit", filters, (cursor, signal) => call("GET /api/v1/audit", { query: { ...filters, limit: 200, ...cursor } }, { signal }));

export const auditChainQuery = queryOptions({
  queryKey: ["audit", "chain"],
  queryFn: ({ signal }) => call("GET /api/v1/audit/chain", {}, { signal }),
});

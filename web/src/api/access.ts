/**
 * What the signed-in account may do, previewed with the manager's own rules (`#access`): to disable an action with its reason before it is
 * tried. SECURITY: a preview only; the manager decides every request again, with today's facts.
 */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import { decide, decideAnywhere } from "#access/decide.ts";
import type { Question } from "#access/question.ts";
import type { Verdict } from "#access/verdict.ts";
import { call } from "#web/api/call.ts";

export const accessQuery = queryOptions({
  queryKey: ["access"],
  queryFn: async ({ signal }): Promise<CompiledAccess> => compileAccess(await call("GET /api/v1/sessions/current/access", {}, { signal })),
  staleTime: 30_000,
  refetchInterval: 60_000,
  // Compiled access is a graph with shared parts: never compared, always replaced.
  structuralSharing: false,
});

/** Null: not known yet. */
export const useAccess = (): CompiledAccess | null => useQuery(accessQuery).data ?? null;

/** The verdict on one literal question; null: not known yet. */
export const useMay = (question: Question): Verdict | null => {
  const access = useAccess();
  return access === null ? null : decide(question, access);
};

/** Whether the permission is held on any folder at all: for menus and pages. Null: not known yet. */
export const useMayAnywhere = (permission: string): Verdict | null => {
  const access = useAccess();
  return access === null ? null : mayAnywhere(permission, access);
};

/** A folder that the account's roles name, to ask about where none is meant; `/` where folders are not limited. */
export const firstFolder = ({ default: scope }: CompiledAccess): string => {
  const path = scope.folders.entries[0]?.path ?? "/";
  return path === "/" ? path : `${path}/`;
};

export const mayAnywhere = (permission: string, access: CompiledAccess): Verdict => {
  const controllers = [undefined, ...access.controllers.keys()];
  const verdicts = controllers.map((controller) =>
    decideAnywhere({ permission, ...(controller === undefined ? {} : { controller }) }, access),
  );
  return verdicts.find((verdict) => verdict.effect === "permit") ?? verdicts[0] ?? decideAnywhere({ permission }, access);
};

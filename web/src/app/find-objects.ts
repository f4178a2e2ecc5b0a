/** Jobs, nodes and runs by what somebody typed into the palette; each kind as far as the account may see it, and what one refuses does not hide the others. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "#web/api/call.ts";

export interface FoundObject {
  readonly id: string;
  readonly text: string;
  readonly to: string;
}

export interface FoundObjects {
  readonly jobs: readonly FoundObject[];
  readonly nodes: readonly FoundObject[];
  readonly runs: readonly FoundObject[];
}

const nothing: FoundObjects = { jobs: [], nodes: [], runs: [] };
const mostOfKind = 6;
/** Fewer letters find too much. */
const fewestLetters = 2;
const runPattern = /^run_[0-9a-hjkmnp-tv-z]{26}$/;

const orNothing = <T>(asked: Promise<readonly T[]>): Promise<readonly T[]> => asked.catch(() => []);

const find = async (words: string, signal: AbortSignal): Promise<FoundObjects> => {
  const [jobs, nodes] = await Promise.all([
    orNothing(call("GET /api/v1/jobs", { query: { q: words, limit: mostOfKind } }, { signal }).then(({ items }) => items)),
    orNothing(call("GET /api/v1/complete", { query: { kind: "node", prefix: words } }, { signal }).then(({ items }) => items)),
  ]);
  return {
    jobs: jobs.map(({ path }) => ({ id: `job ${path}`, text: path, to: `/jobs${path}` })),
    nodes: nodes.slice(0, mostOfKind).map(({ value }) => ({ id: `node ${value}`, text: value, to: `/nodes/${encodeURIComponent(value)}` })),
    runs: runPattern.test(words) ? [{ id: words, text: words, to: `/runs/${words}` }] : [],
  };
};

export const useFoundObjects = (typed: string): FoundObjects => {
  const words = typed.trim();
  const query = useQuery({
    queryKey: ["palette", words],
    enabled: words.length >= fewestLetters,
    queryFn: ({ signal }) => find(words, signal),
    placeholderData: keepPreviousData,
  });
  return words.length < fewestLetters ? nothing : (query.data ?? nothing);
};

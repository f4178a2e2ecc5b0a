/** Remembers job revisions: a revision never changes, and the same few are offered again and again. */
import type { JobDirectory, JobRevision } from "#controller/ports.ts";

const mostRevisions = 500;

/** The same directory, with the revisions used last kept in memory. */
export const rememberRevisions = (jobs: JobDirectory): JobDirectory => {
  const known = new Map<string, JobRevision>();
  return {
    getRevision: async (path, revision) => {
      const key = `${revision} ${path}`;
      const held = known.get(key);
      if (held !== undefined) {
        known.delete(key);
        known.set(key, held);
        return held;
      }
      const found = await jobs.getRevision(path, revision);
      if (found === null) return null;
      known.set(key, found);
      if (known.size > mostRevisions) known.delete(known.keys().next().value ?? "");
      return found;
    },
  };
};

/**
 * What a change of policy leaves behind: jobs whose author may no longer run them, that nobody may run any more, or whose named
 * credential nobody may use any more. What does not belong here: whether that is wanted (a notice to be confirmed, `identity/policy-guard.ts`).
 */
import { decide, decideAnywhere } from "#access/decide.ts";
import type { AccessBook, Holder, Policy } from "#access/policy.ts";

/** A job, as far as it can be orphaned. */
export interface OwnedJob {
  readonly path: string;
  readonly controller: string;
  /** Access ID and name of who saved it. */
  readonly author: string;
  readonly authorName: string;
  /** Whether it names a credential key. */
  readonly namesKey: boolean;
}

export interface Orphans {
  /** By author: what he may no longer run. */
  readonly authors: readonly { readonly author: string; readonly name: string; readonly jobs: readonly string[] }[];
  readonly withoutRunner: readonly string[];
  readonly withoutKeyUser: readonly string[];
}

const run = "controller:runs:create";
const useKey = "manager:credentials:use";

/** Whether a holder may do it to the job. */
const may = (holder: Holder | undefined, permission: string, job: OwnedJob, book: AccessBook): boolean => {
  const access = holder === undefined ? null : book.accessOf(holder);
  return access !== null && decide({ permission, path: job.path, controller: job.controller }, access).effect === "permit";
};

/** Asks whether anybody may: whoever could do it to the last job is asked first, and who holds the permission nowhere never. */
const anybody = (policy: Policy, permission: string, controller: string, book: AccessBook): ((job: OwnedJob) => boolean) => {
  const keys = new Set<string>();
  const candidates: Holder[] = [];
  for (const holder of policy.holders.values()) {
    const key = book.keyOf(holder);
    if (!holder.enabled || holder.roles.length === 0 || keys.has(key)) continue;
    keys.add(key);
    candidates.push(holder);
  }
  const useless = new Set<Holder>();
  return (job) => {
    for (let index = 0; index < candidates.length; index += 1) {
      const holder = candidates[index];
      if (holder === undefined || useless.has(holder)) continue;
      if (may(holder, permission, job, book)) {
        candidates.splice(index, 1);
        candidates.unshift(holder);
        return true;
      }
      const access = book.accessOf(holder);
      const anywhere = access === null ? null : decideAnywhere({ permission, controller }, access);
      if (anywhere?.effect !== "permit") useless.add(holder);
    }
    return false;
  };
};

/** The jobs that were in order before and are not after. */
export const findOrphans = (before: Policy, after: Policy, jobs: readonly OwnedJob[], book: AccessBook): Orphans => {
  const authors = new Map<string, { readonly author: string; readonly name: string; readonly jobs: string[] }>();
  const withoutRunner: string[] = [];
  const withoutKeyUser: string[] = [];
  for (const [controller, own] of Map.groupBy(jobs, (job) => job.controller)) {
    const couldRun = anybody(before, run, controller, book);
    const canRun = anybody(after, run, controller, book);
    const couldUse = anybody(before, useKey, controller, book);
    const canUse = anybody(after, useKey, controller, book);
    for (const job of own) {
      if (!may(after.holders.get(job.author), run, job, book) && may(before.holders.get(job.author), run, job, book)) {
        const found = authors.get(job.author) ?? { author: job.author, name: job.authorName, jobs: [] };
        found.jobs.push(job.path);
        authors.set(job.author, found);
      }
      if (!canRun(job) && couldRun(job)) withoutRunner.push(job.path);
      if (job.namesKey && !canUse(job) && couldUse(job)) withoutKeyUser.push(job.path);
    }
  }
  return { authors: [...authors.values()], withoutRunner, withoutKeyUser };
};

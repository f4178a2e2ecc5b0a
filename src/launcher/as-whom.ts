/**
 * AS WHOM at this node: looks up what `launch/rules/run-identity.ts` needs to know and asks it, for a run and for `credential test`. What does
 * not belong here: the rules themselves.
 */
import type { Because, Problem } from "#kernel/problem.ts";
import { newId } from "#kernel/ids.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import type { Clock } from "#kernel/clock.ts";
import type { UnusableKey } from "#link/messages.ts";
import type { LaunchOrder, NodeRole } from "#proof/launch-order.ts";
import { readMinimumUid, readNologinNotice } from "#launch/linux/accounts.ts";
import type { CredentialEntry, NodePolicy } from "#launch/ports.ts";
import type { OsAccount, ProcessHost } from "#launch/process-port.ts";
import { decideAsWhom, requestedUser } from "#launch/rules/run-identity.ts";
import type { NodeFiles } from "#launcher/node-files.ts";

export interface AsWhomQuestion {
  readonly order: Pick<LaunchOrder, "as" | "job" | "submitter">;
  readonly credentials: readonly CredentialEntry[];
  readonly policy: NodePolicy;
  /** Roles that the submitter holds on this node. */
  readonly heldRoles: readonly NodeRole[];
  readonly isTest?: boolean;
}

export type AsWhomAnswer =
  | {
      readonly ok: true;
      readonly account: OsAccount;
      readonly credentialKey: string | null;
      readonly noNewPrivileges: boolean;
      readonly because: Because;
    }
  | { readonly ok: false; readonly problem: Problem };

/** An entry that no run could use; `key` is null for the default job account. */
export interface Unusable {
  readonly key: string | null;
  readonly problem: Problem;
}

/** The keys among them, as they are told to the manager: no account of an entry leaves the node. */
export const unusableKeysOf = (found: readonly Unusable[]): readonly UnusableKey[] =>
  found.flatMap(({ key, problem }) => (key === null ? [] : [{ key, code: problem.code }]));

export interface AsWhom {
  decide(question: AsWhomQuestion): Promise<AsWhomAnswer>;
  /** What no run could have at present, whoever asks: the account is gone, is none that a run may have, or the policy allows it nowhere. Starts nothing. */
  examine(files: NodeFiles): Promise<readonly Unusable[]>;
  /** The whole way of a launch with an entry, ending in `/bin/true`; who may use the entry is not asked. */
  test(
    key: string,
    files: NodeFiles,
  ): Promise<
    Result<{ readonly runAs: Pick<OsAccount, "user" | "uid" | "gid" | "groups">; readonly switching: string; readonly tree: string }>
  >;
}

export interface AsWhomOptions {
  readonly host: ProcessHost;
  /** Uids of the parts of this system (S7). */
  readonly partUids: readonly number[];
  readonly clock: Clock;
}

const testLimitMs = 15_000;
/** Account database and /etc/login.defs change rarely; hundreds of runs a second do not. */
const hostFactsLifeMs = 1000;

export const createAsWhom = (options: AsWhomOptions): AsWhom => {
  const { host, partUids, clock } = options;
  let hostFacts = { minimumUid: 1000, nologinNotice: null as string | null, untilMs: Number.NEGATIVE_INFINITY };
  const readHostFacts = (): typeof hostFacts => {
    const nowMs = clock.monotonicMs();
    if (nowMs >= hostFacts.untilMs)
      hostFacts = { minimumUid: readMinimumUid(), nologinNotice: readNologinNotice(), untilMs: nowMs + hostFactsLifeMs };
    return hostFacts;
  };

  const lookUpPolicyUids = async (policy: NodePolicy): Promise<ReadonlyMap<string, number>> => {
    const uids = new Map<string, number>();
    for (const user of new Set(policy.accounts.map((rule) => rule.user))) {
      const account = await host.resolveAccount(user);
      // A rule whose account is not known allows nothing.
      if (account.ok) uids.set(user, account.value.uid);
    }
    return uids;
  };

  const decide: AsWhom["decide"] = async ({ order, credentials, policy, heldRoles, isTest = false }) => {
    const requested = requestedUser(order.as, credentials, policy);
    const account = requested.ok ? await host.resolveAccount(requested.value.user) : null;
    const { minimumUid, nologinNotice } = readHostFacts();
    const { verdict, runAs } = decideAsWhom({
      order,
      credentials,
      policy,
      heldRoles,
      account,
      policyUids: await lookUpPolicyUids(policy),
      minimumUid,
      partUids,
      nologinNotice,
      isTest,
    });
    if (verdict.effect === "deny") return refuse(verdict.problem);
    if (runAs === null) throw new Error("a permit without a run identity");
    return {
      ok: true,
      account: runAs.account,
      credentialKey: runAs.entry?.key ?? null,
      noNewPrivileges: runAs.entry?.noNewPrivileges ?? false,
      because: verdict.because,
    };
  };

  /** By itself, whoever asks and for whatever job it is allowed. */
  const decideAlone = (as: LaunchOrder["as"], credentials: readonly CredentialEntry[], policy: NodePolicy): Promise<AsWhomAnswer> =>
    decide({
      order: { as, job: { path: "/", revision: 1, author: "test" }, submitter: { accessId: "os:0", name: "test", groups: [] } },
      credentials,
      policy,
      heldRoles: [],
      isTest: true,
    });
  const byKey = (key: string): LaunchOrder["as"] => ({ kind: "credential", key, loadProfile: false });

  return {
    decide,
    examine: async ({ credentials, policy }) => {
      const found: Unusable[] = [];
      // Files that cannot be read are told by themselves.
      if (!credentials.ok || !policy.ok) return found;
      const keys = [...(policy.value.defaultJobAccount === null ? [] : [null]), ...credentials.value.map((entry) => entry.key)];
      for (const key of keys) {
        const decided = await decideAlone(key === null ? { kind: "agent" } : byKey(key), credentials.value, policy.value);
        if (!decided.ok) found.push({ key, problem: decided.problem });
      }
      return found;
    },
    test: async (key, files) => {
      if (!files.credentials.ok) return files.credentials;
      if (!files.policy.ok) return files.policy;
      const decided = await decideAlone(byKey(key), files.credentials.value, files.policy.value);
      if (!decided.ok) return decided;
      const { account } = decided;
      const started = await host.start({
        run: newId("run", clock.nowMs()),
        attempt: 0,
        account,
        program: { kind: "program", file: "/bin/true", args: [] },
        environment: {},
        workingDirectory: "/",
        umask: null,
        noNewPrivileges: decided.noNewPrivileges,
      });
      if (!started.ok) return started;
      const held = started.value;
      held.stdout.resume();
      held.stderr.resume();
      const timer = setTimeout(() => void held.killTree(), testLimitMs);
      const exit = await held.exited;
      clearTimeout(timer);
      await held.killTree();
      await held.release();
      if (exit.startProblem !== null) return refuse(exit.startProblem);
      const { user, uid, gid, groups } = account;
      return ok({ runAs: { user, uid, gid, groups }, switching: host.switching, tree: host.tree });
    },
  };
};

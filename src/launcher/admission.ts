/**
 * Whether a shown token may be believed, and whether what it orders may start here: time, signature, realm, the node's own table, credential
 * list and policy, in this order. Everything is decided from verified bytes and the node's own files; whatever cannot be read denies (S1, S4, S6).
 * What does not belong here: replay, records, processes.
 */
import type { Verdict } from "#access/verdict.ts";
import { problem, type Because, type Problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { decideWhere, whereQuestion } from "#nodes/rules/node-table.ts";
import { checkDelegationToken } from "#proof/delegation-token.ts";
import type { LaunchOrder, NodeRole, Outcome, VerdictRecord } from "#proof/launch-order.ts";
import type { NodeTable } from "#launch/ports.ts";
import type { StartSpec } from "#launch/process-port.ts";
import type { AsWhom } from "#launcher/as-whom.ts";
import type { NodeFiles } from "#launcher/node-files.ts";
import { composeEnvironment } from "#launcher/run-environment.ts";
import type { TimeFloor } from "#launcher/time-floor.ts";

/** A token whose signature, realm, node and time hold. */
export interface Believed {
  readonly order: LaunchOrder;
  readonly orderDigest: string;
  readonly verdict: VerdictRecord;
}

/** What may start, and as whom. */
export interface Permitted {
  readonly ok: true;
  readonly spec: StartSpec;
  readonly runAs: NonNullable<Outcome["runAs"]>;
  readonly verdicts: readonly VerdictRecord[];
  /** The account serves one submitter at a time. */
  readonly isExclusive: boolean;
}

export type Decision = Permitted | { readonly ok: false; readonly problem: Problem; readonly verdicts: readonly VerdictRecord[] };

export interface Admission {
  believe(
    shown: { readonly run: string; readonly attempt: number; readonly token: string },
    refuseIssuedUpToMs: number | null,
  ): Result<Believed>;
  decide(believed: Believed): Promise<Decision>;
  /** The verdict on a token that is not believed. */
  disbelief(problem: Problem): VerdictRecord;
}

export interface AdmissionOptions {
  readonly files: NodeFiles;
  readonly floor: TimeFloor;
  readonly asWhom: AsWhom;
  readonly skewMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The roles that the node's table gives the submitter, for policies that name roles. */
export const heldRoles = (order: LaunchOrder, table: NodeTable): readonly NodeRole[] => {
  const subjects = new Set(["authenticated", order.submitter.accessId, ...order.submitter.groups.map((name) => `group:${name}`)]);
  return [...new Set(table.entries.filter(({ subject }) => subjects.has(subject)).flatMap(({ roles }) => roles))];
};

export const createAdmission = (options: AdmissionOptions): Admission => {
  const { files, floor, asWhom, skewMs, clock, log } = options;

  const record = (part: VerdictRecord["part"], question: string, effect: VerdictRecord["effect"], because: Because): VerdictRecord => ({
    part,
    question: question.slice(0, 4000),
    effect,
    rule: because.rule,
    text: because.text.slice(0, 4000),
    ...(because.facts === undefined ? {} : { facts: because.facts }),
    decidedAt: new Date(clock.nowMs()).toISOString(),
  });
  const ofVerdict = (part: VerdictRecord["part"], question: string, verdict: Verdict): VerdictRecord =>
    record(part, question, verdict.effect, verdict.because);

  /** A restored database starts a new epoch: once seen, tokens of the one before are refused for good (K2). */
  const raiseEpoch = (order: LaunchOrder): void => {
    const anchors = files.trust.ok ? files.trust.value : null;
    if (anchors === null || order.realm.epoch <= anchors.trust.realm.epoch) return;
    log.warn({ from: anchors.trust.realm.epoch, to: order.realm.epoch }, "the realm has a new epoch: older tokens are refused from now on");
    try {
      files.saveTrust({ ...anchors.trust, realm: { ...anchors.trust.realm, epoch: order.realm.epoch } });
    } catch (error) {
      log.error({ error }, "the new epoch could not be kept");
    }
  };

  return {
    disbelief: (found) =>
      record(
        "where",
        "is the delegation token to be believed",
        "deny",
        found.because ?? { rule: `where.${found.code}`, text: found.message },
      ),

    believe: ({ run, attempt, token }, refuseIssuedUpToMs) => {
      const wrongClock = floor.check();
      if (wrongClock !== null) return refuse(wrongClock);
      if (!files.trust.ok) return files.trust;
      const anchors = files.trust.value;
      if (anchors === null) return refuse(problem("launch.not-joined", "this node has not joined a realm: it believes no token"));
      const checked = checkDelegationToken(token, {
        issuers: anchors.issuers,
        replacedAt: anchors.replacedAt,
        node: { id: anchors.trust.node.id, keyThumbprint: files.key.thumbprint },
        realmId: anchors.trust.realm.id,
        minimumEpoch: anchors.trust.realm.epoch,
        nowMs: clock.nowMs(),
        skewMs,
      });
      if (!checked.ok) return checked;
      const { order, orderDigest } = checked.value;
      if (order.run !== run || order.attempt !== attempt)
        return refuse(
          problem(
            "launch.wrong-order",
            `run \`${run}\`, attempt ${attempt} was asked for with the token of run \`${order.run}\`, attempt ${order.attempt}`,
          ),
        );
      if (refuseIssuedUpToMs !== null && order.iat * 1000 <= refuseIssuedUpToMs)
        return refuse(
          problem(
            "launch.issued-before-recovery",
            `this node lost records, and the token was issued before \`${new Date(refuseIssuedUpToMs).toISOString()}\`: it may have been used already`,
          ),
        );
      raiseEpoch(order);
      const because: Because = {
        rule: "where.token",
        text: `realm \`${order.realm.name}\` ordered this run for node \`${order.node.name}\`, and the token holds`,
        facts: {
          realm: order.realm.id,
          realmName: order.realm.name,
          epoch: order.realm.epoch,
          node: order.node.id,
          nodeName: order.node.name,
          digest: orderDigest,
          issued: new Date(order.iat * 1000).toISOString(),
        },
      };
      return ok({ order, orderDigest, verdict: record("where", "is the delegation token to be believed", "permit", because) });
    },

    decide: async ({ order, verdict }) => {
      const verdicts = [verdict];
      const denied = (part: VerdictRecord["part"], question: string, found: Problem): Decision => ({
        ok: false,
        problem: found,
        verdicts: [...verdicts, record(part, question, "deny", found.because ?? { rule: `${part}.${found.code}`, text: found.message })],
      });

      const { submitter, job, node, requires } = order;
      const asked = whereQuestion({ submitter: submitter.accessId, job: job.path, node: node.name, requires });
      if (!files.table.ok) return denied("where", asked, files.table.problem);
      if (!files.trust.ok || files.trust.value === null)
        return denied("where", asked, problem("launch.not-joined", "this node has not joined a realm"));
      const table = files.table.value;
      const where = decideWhere(order, files.trust.value.trust, table);
      if (where.effect === "deny") {
        verdicts.push(ofVerdict("where", asked, where));
        return { ok: false, problem: where.problem, verdicts };
      }
      verdicts.push(ofVerdict("where", asked, where));

      const whomQuestion =
        order.as.kind === "agent" ? "as whom: the node's default job account" : `as whom: credential \`${order.as.key}\``;
      if (!files.credentials.ok) return denied("as-whom", whomQuestion, files.credentials.problem);
      if (!files.policy.ok) return denied("as-whom", whomQuestion, files.policy.problem);
      const policy = files.policy.value;
      const whom = await asWhom.decide({ order, credentials: files.credentials.value, policy, heldRoles: heldRoles(order, table) });
      if (!whom.ok) return denied("as-whom", whomQuestion, whom.problem);
      verdicts.push(record("as-whom", whomQuestion, "permit", whom.because));

      const environment = composeEnvironment(order);
      if (!environment.ok) return { ok: false, problem: environment.problem, verdicts };
      const { account, credentialKey, noNewPrivileges } = whom;
      return {
        ok: true,
        spec: {
          run: order.run,
          attempt: order.attempt,
          account,
          program: order.program,
          environment: environment.value,
          workingDirectory: order.workingDirectory,
          umask: order.umask,
          noNewPrivileges,
        },
        runAs: { user: account.user, uid: account.uid, gid: account.gid, groups: account.groups, credentialKey },
        verdicts,
        isExclusive: policy.exclusive === "submitter",
      };
    },
  };
};

/**
 * How what was shown here ends: signed, journaled, told (S10). What ran, what was refused although it is believed, and what never was.
 * What does not belong here: whether it is refused (`admission.ts`, `runs.ts`), and how a record becomes durable (`run-recorder.ts`).
 */
import type { Clock } from "#kernel/clock.ts";
import type { Log } from "#kernel/log.ts";
import { problem, type Problem } from "#kernel/problem.ts";
import type { LaunchOrder, Outcome, VerdictRecord } from "#proof/launch-order.ts";
import type { Admission, Believed } from "#launcher/admission.ts";
import { refusedOutcome } from "#launcher/outcome.ts";
import type { AttemptConflict, OpenRun } from "#launcher/run-book.ts";
import type { RunEvents } from "#launcher/run-events.ts";
import type { RunRecorder } from "#launcher/run-recorder.ts";
import type { EndedRecord, StartingRecord } from "#launcher/run-records.ts";

export interface StartRequest {
  readonly run: string;
  readonly attempt: number;
  readonly token: string;
}

/** A believed order, and the bytes that it was shown as. */
export interface ShownOrder extends Believed {
  readonly tokenDigest: string;
}

/** How long an unbelieved token says it lives, at most. */
const farthestExpiryMs = 365 * 86_400_000;

/** `exp` of a token whose signature means nothing here: only for how long its bytes are remembered as refused. */
const claimedExpiryMs = (token: string, nowMs: number): number => {
  let exp: unknown;
  try {
    exp = (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as { exp?: unknown }).exp;
  } catch {
    exp = null;
  }
  return typeof exp === "number" && Number.isFinite(exp) ? Math.min(Math.max(exp * 1000, nowMs), nowMs + farthestExpiryMs) : nowMs;
};

/** S3: why another attempt of a run is not started. */
export const conflictProblem = ({ run, attempt }: StartRequest, conflict: AttemptConflict): Problem => {
  if (conflict === "later-attempt")
    return problem("launch.attempt-superseded", `a later attempt of run \`${run}\` is known here: attempt ${attempt} is not started`);
  const how = conflict === "earlier-attempt-open" ? "is running" : "has run";
  return problem("launch.already-ran", `an earlier attempt of run \`${run}\` ${how} here: attempt ${attempt} is not started`);
};

/** O9: what `exclusive: submitter` refuses while somebody else's run goes on as the account. */
export const takenAccount = (
  open: Iterable<OpenRun>,
  { user, uid }: NonNullable<Outcome["runAs"]>,
  { submitter }: LaunchOrder,
): Problem | null => {
  for (const { starting } of open)
    if (starting.order.runAs?.uid === uid && starting.order.submitter !== submitter.accessId)
      return problem(
        "launch.exclusive-account",
        `\`${user}\` is in use by another submitter's run, and this node's policy lets an account serve one submitter at a time`,
      );
  return null;
};

export interface RunEndsOptions {
  readonly recorder: RunRecorder;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RunEvents;
}

export class RunEnds {
  readonly #options: RunEndsOptions;

  constructor(options: RunEndsOptions) {
    this.#options = options;
  }

  /** The end of what was started, or may have been; the caller tells it. */
  ofStarted({ run, attempt, tokenDigest, expMs, order }: StartingRecord, outcome: Outcome): Promise<EndedRecord> {
    const { digest: orderDigest, auditHead } = order;
    return this.#options.recorder.recordEnd({ run, attempt, tokenDigest, expMs, verified: true, orderDigest, auditHead, outcome });
  }

  /** A believed order that is not started, for a problem or because it was cancelled: its replay key is used up all the same. */
  async ofOrder(
    { order, orderDigest, tokenDigest }: ShownOrder,
    refusal: Problem | null,
    verdicts: readonly VerdictRecord[],
    cancelled: Outcome["cancelled"],
  ): Promise<void> {
    const { recorder, clock, events } = this.#options;
    const { run, attempt, auditHead } = order;
    const outcome = refusedOutcome(refusal, verdicts, clock.nowMs(), cancelled);
    const expMs = order.exp * 1000;
    events.onEnded(await recorder.recordEnd({ run, attempt, tokenDigest, expMs, verified: true, orderDigest, auditHead, outcome }));
  }

  /**
   * SECURITY: a token that is refused with a receipt is never started later, even if it would become valid: else a courier could
   * show the manager a refusal of what then runs. The run itself stays free for the right token.
   */
  async ofBytes(request: StartRequest, tokenDigest: string, believed: Believed | null, refusal: Problem): Promise<Problem | null> {
    const { recorder, events, clock, admission, log } = this.#options;
    const { run, attempt, token } = request;
    const nowMs = clock.nowMs();
    log.warn({ run, attempt, code: refusal.code }, "token refused");
    if (!recorder.book.mayRememberUnbelieved())
      return problem("launch.too-many-refusals", "too many tokens were refused here lately: this one is refused without a receipt");
    const ended = await recorder.recordEnd({
      run,
      attempt,
      tokenDigest,
      expMs: believed === null ? claimedExpiryMs(token, nowMs) : believed.order.exp * 1000,
      verified: false,
      orderDigest: believed?.orderDigest ?? tokenDigest,
      auditHead: believed?.order.auditHead ?? null,
      outcome: refusedOutcome(refusal, [believed?.verdict ?? admission.disbelief(refusal)], nowMs),
    });
    events.onEnded(ended);
    return null;
  }

  /** Tells again what the manager has confirmed already. */
  async tellConfirmed(run: string, attempt: number, tokenDigest: string): Promise<Problem | null> {
    const { recorder, events, clock } = this.#options;
    const receipt = await recorder.receipts.find(run, attempt);
    if (receipt === null)
      return problem("launch.unknown-run", `run \`${run}\`, attempt ${attempt} was confirmed long ago; its receipt is no longer kept`);
    events.onEnded({
      kind: "ended",
      run,
      attempt,
      tokenDigest,
      expMs: 0,
      atMs: clock.nowMs(),
      verified: true,
      started: false,
      exitUnknown: false,
      sequence: 0,
      receipt,
      logBytes: 0,
    });
    return null;
  }
}

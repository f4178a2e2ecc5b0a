/**
 * The administration socket of the node (S11): credential list, policy, table, trust, drain, doctor, export. Only the launcher's own account
 * and root reach it. One frame asks, one frame answers: `{ type: "ok", … }` or `{ type: "problem", … }`.
 */
import { problem, ProblemError, type Problem } from "#kernel/problem.ts";
import { integer, object, oneOf, optional, readShape, text, variant, type Shape } from "#kernel/shape.ts";
import type { Log } from "#kernel/log.ts";
import type { Result } from "#kernel/result.ts";
import { serveFrames, type FrameServer } from "#link/frame-server.ts";
import type { AdminRequest, CredentialEntry, NodePolicy, NodeTable, NodeTrust } from "#launch/ports.ts";
import { nodeTableShape } from "#nodes/rules/node-table.ts";
import { nodeTrustShape } from "#nodes/rules/node-trust.ts";
import { credentialEntryShape, nodePolicyShape, readCredentialEntry, readNodePolicy } from "#launch/rules/credentials.ts";
import type { NodeFiles } from "#launcher/node-files.ts";
import type { Unusable } from "#launcher/as-whom.ts";
import type { Finding } from "#launcher/doctor.ts";
import { takeRotation } from "#launcher/take-rotation.ts";

const key = text({ min: 1, max: 255 });

const requestShape: Shape<AdminRequest> = variant("type", {
  "credential-set": object({ type: oneOf("credential-set"), entry: credentialEntryShape }),
  "credential-list": object({ type: oneOf("credential-list") }),
  "credential-delete": object({ type: oneOf("credential-delete"), key }),
  "credential-test": object({ type: oneOf("credential-test"), key }),
  "policy-show": object({ type: oneOf("policy-show") }),
  "policy-set": object({ type: oneOf("policy-set"), policy: nodePolicyShape }),
  "table-show": object({ type: oneOf("table-show") }),
  "table-set": object({ type: oneOf("table-set"), table: nodeTableShape }),
  "trust-show": object({ type: oneOf("trust-show") }),
  "trust-set": object({ type: oneOf("trust-set"), trust: nodeTrustShape }),
  "trust-rotate": object({ type: oneOf("trust-rotate"), announcement: text({ min: 1, max: 1024 * 1024 }) }),
  status: object({ type: oneOf("status") }),
  doctor: object({ type: oneOf("doctor") }),
  drain: object({ type: oneOf("drain"), drainMs: integer(0, 7 * 86_400_000) }),
  "journal-export": object({ type: oneOf("journal-export"), afterSequence: optional(integer(0, Number.MAX_SAFE_INTEGER)) }),
  refresh: object({ type: oneOf("refresh") }),
});

export interface AdminActions {
  readonly files: NodeFiles;
  /** What no run could have at present. */
  examine(): Promise<readonly Unusable[]>;
  /** Starts `true` as the entry's account, the whole way of a launch. */
  testCredential(key: string): Promise<Result<object>>;
  status(): object;
  doctor(): Promise<readonly Finding[]>;
  drain(drainMs: number): Promise<void>;
  exportReceipts(afterSequence: number): Promise<{ readonly receipts: readonly string[]; readonly nextAfter: number | null }>;
  /** Credentials, policy, table or trust changed: the agent is told new facts. */
  changed(): void;
}

export interface AdminLinkOptions {
  readonly socket: string;
  readonly socketFolder: string;
  readonly actions: AdminActions;
  readonly log: Log;
}

const needed = <T>(read: Result<T>): T => {
  if (read.ok) return read.value;
  throw new ProblemError(read.problem);
};

const setCredential = (actions: AdminActions, entry: CredentialEntry): void => {
  const checked = needed(readCredentialEntry(entry));
  const others = needed(actions.files.credentials).filter((one) => one.key !== checked.key);
  actions.files.saveCredentials([...others, checked].toSorted((a, b) => (a.key < b.key ? -1 : 1)));
};

const deleteCredential = (actions: AdminActions, name: string): void => {
  const entries = needed(actions.files.credentials);
  const others = entries.filter((entry) => entry.key !== name);
  if (others.length === entries.length)
    throw new ProblemError(problem("launch.credential-not-found", `the node's credential list has no entry \`${name}\``));
  actions.files.saveCredentials(others);
};

/** What was set and could be used by no run at present. */
const problemsOf = async (actions: AdminActions, isMeant: (found: Unusable) => boolean): Promise<readonly object[]> =>
  (await actions.examine()).filter(isMeant).map(({ key, problem: { code, message, hint } }) => ({ key, code, message, hint }));

const answer = async (actions: AdminActions, request: AdminRequest): Promise<object> => {
  const { files } = actions;
  switch (request.type) {
    case "credential-set":
      setCredential(actions, request.entry);
      actions.changed();
      // Taken all the same: the account may come later, or the name service answer again.
      return { key: request.entry.key, problems: await problemsOf(actions, ({ key }) => key === request.entry.key) };
    case "credential-list":
      return { entries: needed(files.credentials) };
    case "credential-delete":
      deleteCredential(actions, request.key);
      actions.changed();
      return { key: request.key };
    case "credential-test":
      return needed(await actions.testCredential(request.key));
    case "policy-show":
      return { policy: needed(files.policy) satisfies NodePolicy };
    case "policy-set":
      files.savePolicy(needed(readNodePolicy(request.policy)));
      actions.changed();
      return { problems: await problemsOf(actions, () => true) };
    case "table-show":
      return { table: needed(files.table) satisfies NodeTable };
    case "table-set":
      files.saveTable(request.table);
      actions.changed();
      return {};
    case "trust-show": {
      const anchors = needed(files.trust);
      if (anchors === null) throw new ProblemError(problem("launch.not-joined", "this node has not joined a realm"));
      return { trust: anchors.trust satisfies NodeTrust };
    }
    case "trust-set":
      files.saveTrust(request.trust);
      needed(files.trust);
      actions.changed();
      return {};
    case "trust-rotate": {
      const serial = needed(takeRotation(files, request.announcement));
      actions.changed();
      return { serial };
    }
    case "status":
      return actions.status();
    case "doctor":
      return { findings: await actions.doctor() };
    case "drain":
      await actions.drain(request.drainMs);
      return {};
    case "journal-export":
      return actions.exportReceipts(request.afterSequence ?? 0);
    case "refresh":
      files.refresh();
      actions.changed();
      return { problems: files.problems().map(({ code, message, hint }) => ({ code, message, hint })) };
  }
};

const problemAnswer = ({ code, message, hint }: Problem): { type: "problem"; code: string; message: string; hint: string } => ({
  type: "problem",
  code,
  message,
  hint,
});

/** Listens for the node's administrators. */
export const serveAdministration = (options: AdminLinkOptions): Promise<FrameServer> => {
  const { actions, log } = options;
  const ownUid = process.getuid?.() ?? -1;
  return serveFrames<unknown, { type: "ok" } | ReturnType<typeof problemAnswer>>({
    path: options.socket,
    folder: options.socketFolder,
    folderMode: 0o700,
    log,
    mayConnect: ({ uid }) => uid === ownUid || uid === 0,
    onConnection: (peer) => ({
      onFrame: ({ header }) => {
        const request = readShape(requestShape, header, "the request");
        if (!request.ok) {
          peer.send(problemAnswer(request.problem));
          return;
        }
        const { type } = request.value;
        log.info({ request: type, uid: peer.peer?.uid }, "administration");
        answer(actions, request.value).then(
          (found) => peer.send({ ...found, type: "ok" }),
          (error: unknown) => {
            if (error instanceof ProblemError) peer.send(problemAnswer(error.problem));
            else {
              log.error({ request: type, error }, "administration failed");
              peer.send(problemAnswer(problem("general.internal", "the launcher could not do that", { hint: "read the launcher's log" })));
            }
          },
        );
      },
    }),
  });
};

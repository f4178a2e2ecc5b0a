/** One request to the launcher's administration socket: for `behalf credential`, `behalf node …` on the node itself, and the supervisor. */
import type { AdminRequest } from "#launch/ports.ts";
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import { fail, ProblemError, type Problem } from "#kernel/problem.ts";
import { silentLog } from "#kernel/log.ts";
import { shellWord } from "#kernel/shell-word.ts";
import type { Output } from "#cli/output.ts";
import { connectFrames } from "#link/socket.ts";

type Answer =
  | { readonly type: "ok" }
  | { readonly type: "problem"; readonly code: string; readonly message: string; readonly hint: string };

/** What was set, and no run could use at present; `key` is null for the default job account. */
export interface NotUsable extends Pick<Problem, "message" | "hint"> {
  readonly key: string | null;
  readonly code: string;
}

/** Says so, and how to look again: what is not usable now was set all the same. */
export const noteNotUsable = (output: Output, problems: readonly NotUsable[]): void => {
  for (const { key, message, hint } of problems) {
    output.note(`${output.paint("yellow", "warning")}: no run can use it at present: ${message}\n  hint: ${hint}`);
    output.note(key === null ? "  look again with: behalf doctor" : `  look again with: behalf credential test ${shellWord(key)}`);
  }
};

/** Sends the request; answers the launcher's `ok` message. Fails with the launcher's problem, or `cli.no-launcher`. */
export const callLauncher = async <T = unknown>(
  socketPath: string,
  request: AdminRequest,
  options: { timeoutMs?: number } = {},
): Promise<T> => {
  const noLauncher = (cause: unknown): never =>
    fail("cli.no-launcher", `no launcher answers at \`${socketPath}\``, {
      hint: "run it on the node, as the account that runs the launcher, with the node's `--data DIR`; start it with `behalf up` or `behalf node up`",
      cause,
    });
  return new Promise<T>((resolve, reject) => {
    const refuse = (cause: unknown): void => {
      try {
        noLauncher(cause);
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(() => refuse(new Error("no answer in time")), options.timeoutMs ?? 60_000);
    connectFrames<Answer, AdminRequest>({
      path: socketPath,
      log: silentLog,
      onConnection: (connection) => ({
        onFrame: ({ header }) => {
          clearTimeout(timer);
          connection.end();
          if (header.type === "ok") resolve(header as T);
          else if (Object.hasOwn(problemCodes, header.code))
            reject(new ProblemError({ code: header.code as ProblemCode, message: header.message, hint: header.hint } satisfies Problem));
          else refuse(new Error(`unexpected answer ${header.type}`));
        },
        onClose: () => {
          clearTimeout(timer);
          refuse(new Error("connection closed"));
        },
      }),
    }).then(
      (connection) => connection.send(request),
      (error: unknown) => {
        clearTimeout(timer);
        refuse(error);
      },
    );
  });
};

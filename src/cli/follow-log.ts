/** Shows a run's output as it is written; comes back to where it was when the connection breaks. */
import type { ApiClient } from "#cli/api-client.ts";
import { plainText, terminalText, type TerminalText } from "#cli/output.ts";

interface LogPiece {
  readonly offset: number;
  readonly nextOffset: number;
  readonly stream: "stdout" | "stderr" | "notice";
  readonly at: string;
  readonly text?: string;
  readonly base64?: string;
}

export interface FollowOptions {
  /** Frame offset to begin at. */
  readonly offset: number;
  readonly show: "all" | "stdout" | "stderr";
}

/** Writes the pieces: to a terminal without control sequences (W5), to a pipe byte for byte. */
const createWriter = () => {
  const texts = { stdout: terminalText(), stderr: terminalText() } satisfies Record<string, TerminalText>;
  return {
    write: (piece: LogPiece): void => {
      const target = piece.stream === "stdout" ? process.stdout : process.stderr;
      const bytes = piece.base64 === undefined ? Buffer.from(piece.text ?? "", "utf8") : Buffer.from(piece.base64, "base64");
      if (piece.stream === "notice") target.write(`[behalf: ${plainText(bytes.toString("utf8"))}]\n`);
      else target.write(target.isTTY ? texts[piece.stream].write(bytes) : bytes);
    },
    end: (): void => {
      process.stdout.write(texts.stdout.end());
      process.stderr.write(texts.stderr.end());
    },
  };
};

/** Follows until the run has ended and all of its output was shown. */
export const followLog = async (client: ApiClient, run: string, options: FollowOptions): Promise<void> => {
  let { offset } = options;
  const writer = createWriter();
  for (;;) {
    for await (const event of client.events(`/api/v1/runs/${run}/log/stream?offset=${offset}`)) {
      if (event.event === "end") return writer.end();
      if (event.event !== "log") continue;
      const piece = JSON.parse(event.data) as LogPiece;
      offset = piece.nextOffset;
      if (options.show === "all" || options.show === piece.stream) writer.write(piece);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

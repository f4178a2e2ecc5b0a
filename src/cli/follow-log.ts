/** Shows a run's output as it is written; comes back to where it was when the connection breaks. */
import type { ApiClient } from "#cli/api-client.ts";
import { plainText } from "#cli/output.ts";

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

/** Writes one piece: to a terminal without control sequences (W5), to a pipe byte for byte. */
const write = (piece: LogPiece): void => {
  const target = piece.stream === "stdout" ? process.stdout : process.stderr;
  const bytes = piece.base64 === undefined ? Buffer.from(piece.text ?? "", "utf8") : Buffer.from(piece.base64, "base64");
  if (piece.stream === "notice") target.write(`[behalf: ${plainText(bytes.toString("utf8"))}]\n`);
  else target.write(target.isTTY ? plainText(bytes.toString("utf8")) : bytes);
};

/** Follows until the run has ended and all of its output was shown. */
export const followLog = async (client: ApiClient, run: string, options: FollowOptions): Promise<void> => {
  let { offset } = options;
  for (;;) {
    for await (const event of client.events(`/api/v1/runs/${run}/log/stream?offset=${offset}`)) {
      if (event.event === "end") return;
      if (event.event !== "log") continue;
      const piece = JSON.parse(event.data) as LogPiece;
      offset = piece.nextOffset;
      if (options.show === "all" || options.show === piece.stream) write(piece);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

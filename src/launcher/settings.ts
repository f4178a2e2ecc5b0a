/** The launcher's flags. It is started by the supervisor or a service unit, so they are few and all long. */
import { isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { fail } from "#kernel/problem.ts";

export interface LauncherSettings {
  readonly dataFolder: string;
  /** The agent's account; null: it runs under the launcher's own. */
  readonly agent: { readonly uid: number; readonly gid: number } | null;
  /** Further accounts of this system, such as the manager's: no run identities (S7). */
  readonly partUids: readonly number[];
  /** Started by `behalf up`: unsafe permissions are warnings, not refusals (S12). */
  readonly isEmbedded: boolean;
  /** Allowed difference between clocks, milliseconds (S4). */
  readonly skewMs: number;
  /** Below this, nothing is started. */
  readonly floorBytes: number;
  /** Reserved for outcomes on a full disk. */
  readonly ballastBytes: number;
}

const whole = (text: string | undefined, flag: string, fallback: number): number => {
  if (text === undefined) return fallback;
  if (!/^\d{1,15}$/.test(text)) return fail("launch.wrong-request", `\`--${flag}\` must be a whole number`);
  return Number(text);
};

export const readLauncherSettings = (args: readonly string[]): LauncherSettings => {
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    values = parseArgs({
      args: [...args],
      options: {
        data: { type: "string" },
        "agent-uid": { type: "string" },
        "agent-gid": { type: "string" },
        "part-uids": { type: "string" },
        embedded: { type: "boolean" },
        "skew-ms": { type: "string" },
        "free-space-bytes": { type: "string" },
        "ballast-bytes": { type: "string" },
      },
    }).values;
  } catch (error) {
    return fail(
      "launch.wrong-request",
      `the launcher's flags are not understood: ${error instanceof Error ? error.message.split("\n")[0] : "error"}`,
    );
  }
  const text = (name: string): string | undefined => (typeof values[name] === "string" ? values[name] : undefined);
  const data = text("data");
  if (data === undefined || !isAbsolute(data)) return fail("launch.wrong-request", "`--data` must be an absolute path");
  const uid = text("agent-uid");
  const gid = text("agent-gid");
  if ((uid === undefined) !== (gid === undefined)) return fail("launch.wrong-request", "`--agent-uid` and `--agent-gid` belong together");
  return {
    dataFolder: data,
    agent: uid === undefined ? null : { uid: whole(uid, "agent-uid", 0), gid: whole(gid, "agent-gid", 0) },
    partUids: (text("part-uids") ?? "")
      .split(",")
      .filter((one) => one !== "")
      .map((one) => whole(one, "part-uids", 0)),
    isEmbedded: values["embedded"] === true,
    skewMs: whole(text("skew-ms"), "skew-ms", 30_000),
    floorBytes: whole(text("free-space-bytes"), "free-space-bytes", 128 * 1024 * 1024),
    ballastBytes: whole(text("ballast-bytes"), "ballast-bytes", 16 * 1024 * 1024),
  };
};

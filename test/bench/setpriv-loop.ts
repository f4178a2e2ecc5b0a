/**
 * The yardstick of every speed number: how many `setpriv … /bin/true` a small Node process starts and reaps, with nothing else on. Measured in
 * a process of its own, so that the memory of the measuring one does not count.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface LoopResult {
  readonly perSecond: number;
  readonly medianMs: number;
}

export interface LoopOptions {
  readonly count: number;
  readonly inFlight: number;
  /** Account that the processes run as. */
  readonly user: string;
}

const program = `
import { spawn, execFileSync } from "node:child_process";
const [count, inFlight, user] = [Number(process.argv[1]), Number(process.argv[2]), process.argv[3]];
const number = (flag) => execFileSync("id", [flag, "--", user], { encoding: "utf8" }).trim();
const args = ["--reuid=" + number("-u"), "--regid=" + number("-g"), "--groups=" + number("-G").split(" ").join(","), "--inh-caps=-all", "--", "/bin/true"];
const times = [];
let started = 0;
const begin = performance.now();
await new Promise((resolve, reject) => {
  const next = () => {
    if (started === count) return;
    started += 1;
    const at = performance.now();
    const child = spawn("/usr/bin/setpriv", args, { env: {}, stdio: "ignore", detached: true });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code !== 0) return reject(new Error("setpriv ended with " + code));
      times.push(performance.now() - at);
      if (times.length === count) resolve();
      else next();
    });
  };
  for (let index = 0; index < inFlight; index += 1) next();
});
const perSecond = (count / (performance.now() - begin)) * 1000;
times.sort((left, right) => left - right);
console.log(JSON.stringify({ perSecond, medianMs: times[Math.floor(times.length / 2)] }));
`;

/** Needs root. */
export const bareSetprivLoop = async (options: LoopOptions): Promise<LoopResult> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    program,
    String(options.count),
    String(options.inFlight),
    options.user,
  ]);
  return JSON.parse(stdout) as LoopResult;
};

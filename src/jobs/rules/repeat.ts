/** Which requests repeat runs: as few as say the same, so that what was one act looks like one when it is repeated. */

export interface RunToRepeat {
  readonly run: string;
  readonly job: string;
  readonly node: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** Asked for by itself, so that it is refused by itself. */
  readonly alone: boolean;
}

export interface Repeat {
  readonly job: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** The runs that it repeats, each on a node of its own. */
  readonly again: readonly { readonly run: string; readonly node: string }[];
}

/** Requests for these runs, in their order. Runs of one job with the same arguments are one request for several nodes; a node twice needs a second one. */
export const repeatsOf = (runs: readonly RunToRepeat[]): readonly Repeat[] => {
  const repeats: { job: string; arguments: Repeat["arguments"]; again: { run: string; node: string }[] }[] = [];
  const alike = new Map<string, (typeof repeats)[number][]>();
  const times = new Map<string, number>();
  for (const { run, job, node, arguments: given, alone } of runs) {
    const values = Object.entries(given).toSorted(([one], [other]) => (one < other ? -1 : 1));
    const key = JSON.stringify([job, values, alone ? node : null]);
    const ofNode = JSON.stringify([key, node]);
    const before = times.get(ofNode) ?? 0;
    times.set(ofNode, before + 1);
    const requests = alike.get(key) ?? [];
    alike.set(key, requests);
    let request = requests[before];
    if (request === undefined) {
      request = { job, arguments: given, again: [] };
      requests.push(request);
      repeats.push(request);
    }
    request.again.push({ run, node });
  }
  return repeats;
};

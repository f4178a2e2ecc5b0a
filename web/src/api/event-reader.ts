/** Takes server-sent events out of text as it arrives. Pure. */
export interface ServerEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

/** Feed it pieces of any size; it answers the events that are whole by then. Comments are left out. */
export const createEventReader = (): ((piece: string) => ServerEvent[]) => {
  let pending = "";
  return (piece) => {
    const blocks = (pending + piece).split("\n\n");
    pending = blocks.pop() ?? "";
    return blocks.flatMap((block): ServerEvent[] => {
      const fields = new Map<string, string>();
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
      }
      const event = fields.get("event");
      return event === undefined
        ? []
        : [{ id: fields.get("id") ?? null, event, data: JSON.parse(fields.get("data") ?? "null") as unknown }];
    });
  };
};

/** An issuer of delegation tokens as announcements and a node's trust name it (S5). Pure. */
import { integer, object, optional, text, type Shape } from "#kernel/shape.ts";

/** A key that signs delegation tokens. `until` (seconds since 1970): it was replaced then, and only what it had signed by then is still believed. */
export interface Issuer {
  readonly kid: string;
  readonly key: string;
  readonly until?: number;
}

const kid = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_.:-]+$/, expected: "an id" });

/** Its form; how its key is read differs: the pure reader of a file looks at the letters, an announcement is also decoded. */
export const issuerShapeWith = (key: Shape<string>): Shape<Issuer> => object({ kid, key, until: optional(integer(0, 8_640_000_000_000)) });

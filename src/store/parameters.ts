/**
 * The values both stores take: text without NUL, safe integers, null. Each store would treat the rest differently (SQLite keeps
 * NaN as NULL and NUL in text, PostgreSQL refuses), so both refuse it before it is sent.
 */

/** Throws a TypeError for a value that the stores would not keep alike. The message names the kind of value, never the value. */
export const checkParameters = (parameters: readonly unknown[]): void => {
  for (const value of parameters) {
    if (typeof value === "string") {
      if (value.includes("\u0000")) throw new TypeError("text for the store must not contain NUL");
    } else if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new TypeError("numbers for the store must be safe integers");
    } else if (value !== null) throw new TypeError(`a ${typeof value} cannot be stored: use text, integers or null`);
  }
};

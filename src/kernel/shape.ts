/**
 * Strict readers written by hand, for values that come over a link or from a file and are read where no schema library may be
 * (rules, proof, launcher). Every field is named, unknown fields are refused, every text and list has a limit. What belongs here: the
 * pieces. What does not: any particular shape. Pure; never throws.
 */
import type { ProblemCode } from "#kernel/problem-codes.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";

export interface Fault {
  readonly code: Extract<ProblemCode, `input.${string}`>;
  /** Like `run.shell` or `entries[3].roles`; empty for the value itself. */
  readonly path: string;
  /** What is wrong, in words that fit behind the path. Never holds the value. */
  readonly text: string;
}

/** Reads a value or adds a fault; what it returns counts only when no fault was added. */
export type Shape<T> = (value: unknown, path: string, faults: Fault[]) => T;

type ShapeValue<S> = S extends Shape<infer T> ? T : never;

const failed = (faults: Fault[], code: Fault["code"], path: string, text: string): never => {
  if (faults.length < 20) faults.push({ code, path, text });
  // Counts for nothing: there is a fault now.
  return undefined as never;
};

const below = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

/** Names that change what an object is in JavaScript; refused as keys everywhere (W9). */
export const isForbiddenName = (name: string): boolean => name === "__proto__" || name === "constructor" || name === "prototype";

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

export interface TextLimits {
  readonly min?: number;
  /** UTF-16 code units. */
  readonly max: number;
  readonly pattern?: RegExp;
  /** What the pattern asks for, as `must be …`. */
  readonly expected?: string;
  /** NUL is refused unless this is true. */
  readonly nul?: boolean;
}

/** Text without NUL and lone surrogates. */
export const text =
  (limits: TextLimits): Shape<string> =>
  (value, path, faults) => {
    if (typeof value !== "string") return failed(faults, "input.wrong-type", path, "must be text");
    if (value.length > limits.max) return failed(faults, "input.too-large", path, `must not be longer than ${limits.max} characters`);
    if (value.length < (limits.min ?? 0)) return failed(faults, "input.invalid-value", path, "must not be empty");
    if (!value.isWellFormed()) return failed(faults, "input.invalid-value", path, "must be well-formed unicode");
    if (limits.nul !== true && value.includes("\0")) return failed(faults, "input.invalid-value", path, "must not contain a NUL character");
    if (limits.pattern !== undefined && !limits.pattern.test(value))
      return failed(faults, "input.invalid-value", path, `must be ${limits.expected ?? "of the documented form"}`);
    return value;
  };

/** A whole number within inclusive bounds. */
export const integer =
  (min: number, max: number): Shape<number> =>
  (value, path, faults) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value))
      return failed(faults, "input.wrong-type", path, "must be a whole number");
    if (value < min || value > max || Object.is(value, -0))
      return failed(faults, "input.invalid-value", path, `must be between ${min} and ${max}`);
    return value;
  };

export const flag: Shape<boolean> = (value, path, faults) =>
  typeof value === "boolean" ? value : failed(faults, "input.wrong-type", path, "must be true or false");

/** Exactly one of these. */
export const oneOf =
  <const T extends string | number | boolean>(...allowed: readonly T[]): Shape<T> =>
  (value, path, faults) =>
    (allowed as readonly unknown[]).includes(value)
      ? (value as T)
      : failed(faults, "input.invalid-value", path, `must be ${allowed.map((one) => `\`${String(one)}\``).join(", ")}`);

export const nullable =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value, path, faults) =>
    value === null ? null : shape(value, path, faults);

/** Marks a field of `object` that may be missing. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

export const list =
  <T>(shape: Shape<T>, max: number): Shape<readonly T[]> =>
  (value, path, faults) => {
    if (!Array.isArray(value)) return failed(faults, "input.wrong-type", path, "must be a list");
    if (value.length > max) return failed(faults, "input.too-large", path, `must not have more than ${max} entries`);
    const items: T[] = [];
    for (let index = 0; index < value.length; index += 1) items.push(shape(value[index], `${path}[${index}]`, faults));
    return items;
  };

/** An object whose keys are data. */
export const record =
  <T>(key: RegExp, expected: string, shape: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> =>
  (value, path, faults) => {
    if (!isPlainObject(value)) return failed(faults, "input.wrong-type", path, "must be an object");
    const names = Object.keys(value);
    if (names.length > max) return failed(faults, "input.too-large", path, `must not have more than ${max} entries`);
    const copy: Record<string, T> = {};
    for (const name of names) {
      if (isForbiddenName(name)) return failed(faults, "input.forbidden-name", path, "has a key with a forbidden name");
      if (!key.test(name)) return failed(faults, "input.invalid-value", path, `has a key that is not ${expected}`);
      copy[name] = shape(value[name], below(path, name), faults);
    }
    return copy;
  };

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;
type ObjectOf<F extends Fields> = { readonly [K in keyof F as F[K] extends Optional<unknown> ? never : K]: ShapeValue<F[K]> } & {
  readonly [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer T> ? T : never;
};

/** An object with exactly these fields. */
export const object = <const F extends Fields>(fields: F): Shape<ObjectOf<F>> => {
  const known = new Map(Object.entries(fields));
  return (value, path, faults) => {
    if (!isPlainObject(value)) return failed(faults, "input.wrong-type", path, "must be an object");
    for (const name of Object.keys(value)) {
      if (known.has(name)) continue;
      if (isForbiddenName(name)) return failed(faults, "input.forbidden-name", path, "has a field with a forbidden name");
      return failed(faults, "input.unknown-field", path, `has an unknown field \`${name.slice(0, 40).replaceAll(/[^\w.-]/g, "?")}\``);
    }
    const copy: Record<string, unknown> = {};
    for (const [name, shape] of known) {
      const isOptional = typeof shape !== "function";
      if (!Object.hasOwn(value, name) || value[name] === undefined) {
        if (!isOptional) failed(faults, "input.missing-field", below(path, name), "is missing");
        continue;
      }
      copy[name] = (isOptional ? shape.optional : shape)(value[name], below(path, name), faults);
    }
    return copy as ObjectOf<F>;
  };
};

type Variants = Readonly<Record<string, Shape<unknown>>>;

/** One of several objects, told apart by one field. Each variant names that field too. */
export const variant =
  <const V extends Variants>(tag: string, variants: V): Shape<ShapeValue<V[keyof V]>> =>
  (value, path, faults) => {
    if (!isPlainObject(value)) return failed(faults, "input.wrong-type", path, "must be an object");
    const name = value[tag];
    const shape = typeof name === "string" && Object.hasOwn(variants, name) ? variants[name] : undefined;
    if (shape === undefined)
      return failed(
        faults,
        "input.invalid-value",
        below(path, tag),
        `must be ${Object.keys(variants)
          .map((one) => `\`${one}\``)
          .join(" or ")}`,
      );
    return shape(value, path, faults) as ShapeValue<V[keyof V]>;
  };

/** The sentence of a fault: `entries[3].roles must be a list`. */
export const faultSentence = (fault: Fault, what: string): string =>
  fault.path === "" ? `${what} ${fault.text}` : `\`${fault.path}\` of ${what} ${fault.text}`;

/** Reads a value or refuses with its first fault; `what` names the whole, as `the node table`. */
export const readShape = <T>(shape: Shape<T>, value: unknown, what: string): Result<T> => {
  const faults: Fault[] = [];
  const read = shape(value, "", faults);
  const [first, ...rest] = faults;
  if (first === undefined) return ok(read);
  return refuse(
    problem(first.code, faultSentence(first, what), {
      at: { path: first.path },
      also: rest.map((fault) => problem(fault.code, faultSentence(fault, what), { at: { path: fault.path } })),
    }),
  );
};

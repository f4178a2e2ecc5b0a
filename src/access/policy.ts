/**
 * The whole policy at one instant, as plain facts: everyone who may hold roles, with them. Two of these are what a change is compared by
 * (`simulate.ts`, `orphans.ts`), and one is what policy tests are asked of. What does not belong here: reading it from a store (`identity/`).
 */
import { compileAccess, type CompiledAccess } from "#access/compile.ts";
import type { Role } from "#access/question.ts";

/** An account, or `os:<uid>`. */
export interface Holder {
  readonly accessId: string;
  /** What people see. */
  readonly name: string;
  /** The name in the fold by which names are unique; of `os:<uid>` the access ID. */
  readonly nameKey: string;
  /** A disabled account may do nothing. */
  readonly enabled: boolean;
  readonly roles: readonly Role[];
}

export interface Policy {
  readonly holders: ReadonlyMap<string, Holder>;
  /** By id, in their order. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** What the roles of a holder make of him. Who has the same roles shares one compiled access, however many they are. */
export interface AccessBook {
  /** Text that is equal for equal roles, in this policy and in any other that shares the book. */
  keyOf(holder: Holder): string;
  /** Null: disabled. Its verdicts name roles, never the holder. */
  accessOf(holder: Holder): CompiledAccess | null;
}

/** For one comparison; INVARIANT: roles are told apart by what they say, never by id or revision, so no access in it can be stale. */
export const openAccessBook = (): AccessBook => {
  const numbers = new Map<string, number>();
  const known = new WeakMap<Role, number>();
  const accesses = new Map<string, CompiledAccess>();
  const numberOf = (role: Role): number => {
    const before = known.get(role);
    if (before !== undefined) return before;
    const text = JSON.stringify([role.service, role.name, role.scopes]);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    known.set(role, number);
    return number;
  };
  const keys = new WeakMap<Holder, string>();
  const keyOf = (holder: Holder): string => {
    const before = keys.get(holder);
    if (before !== undefined) return before;
    const key = holder.roles
      .map(numberOf)
      .toSorted((left, right) => left - right)
      .join(",");
    keys.set(holder, key);
    return key;
  };
  return {
    keyOf,
    accessOf: (holder) => {
      if (!holder.enabled) return null;
      const key = keyOf(holder);
      const made = accesses.get(key) ?? compileAccess(holder);
      accesses.set(key, made);
      return made;
    },
  };
};

/**
 * Passwords as argon2id hashes in PHC form, through Node's own crypto. One hash costs about 30 ms and 19 MiB at the default cost, and runs on the
 * thread pool. What does not belong here: which passwords are acceptable (`rules/password-rules.ts`).
 *
 * SECURITY: every `verify` computes exactly one hash, whatever it is given: an unknown account, an account without a password and an
 * unreadable hash cost what a wrong password costs (password-hash.test.ts).
 */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import type { HashCost } from "#identity/rules/identity-settings.ts";
import { isHashablePassword, normalisePassword } from "#identity/rules/password-rules.ts";
import { openHashSlots, type HashSlots } from "#identity/hash-slots.ts";

/** Hashing, as it may be done while a slot is held. */
export interface Hashing {
  /** A fresh hash of the password as a PHC string. */
  hash(password: string): Promise<string>;
  /** Whether the password is that of the hash; null stands for an account that has none. */
  verify(password: string, stored: string | null): Promise<boolean>;
  /** Whether a hash was made at another cost than today's and should be replaced at the next login. */
  isOutdated(stored: string): boolean;
}

export interface PasswordHasher {
  /** Holds a slot while `work` runs; refuses with `general.overloaded` when the queue is full. INVARIANT: `work` never asks for a second slot. */
  inSlot<T>(work: (hashing: Hashing) => Promise<T>): Promise<T>;
  load(): ReturnType<HashSlots["load"]>;
  /** Hashes computed since the start. */
  computed(): number;
}

interface StoredHash {
  readonly cost: HashCost;
  readonly salt: Buffer;
  readonly digest: Buffer;
}

const digestBytes = 32;
const saltBytes = 16;
const phcPattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

const base64 = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

/** Reads a PHC string; null when it is not one of ours. Costs beyond a gibibyte are refused: a damaged row must not stop the machine. */
const parseStoredHash = (text: string): StoredHash | null => {
  const [, memory, passes, lanes, salt, digest] = phcPattern.exec(text) ?? [];
  if (memory === undefined || passes === undefined || lanes === undefined || salt === undefined || digest === undefined) return null;
  const cost = { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  if (cost.passes < 1 || cost.lanes < 1 || cost.memoryKiB < 8 * cost.lanes || cost.memoryKiB > 1_048_576) return null;
  return { cost, salt: Buffer.from(salt, "base64"), digest: Buffer.from(digest, "base64") };
};

export const openPasswordHasher = (settings: {
  readonly hashCost: HashCost;
  readonly hashSlots: number;
  readonly hashQueue: number;
}): PasswordHasher => {
  const slots = openHashSlots(settings.hashSlots, settings.hashQueue);
  const today = settings.hashCost;
  const nobody: StoredHash = { cost: today, salt: randomBytes(saltBytes), digest: randomBytes(digestBytes) };
  let computed = 0;

  const digestOf = (password: string, salt: Buffer, cost: HashCost): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      computed += 1;
      const message = Buffer.from(normalisePassword(password), "utf8");
      const input = { message, nonce: salt, parallelism: cost.lanes, tagLength: digestBytes, memory: cost.memoryKiB, passes: cost.passes };
      argon2("argon2id", input, (error, digest) => {
        message.fill(0);
        if (error === null) resolve(digest);
        else reject(error);
      });
    });

  const hashing: Hashing = {
    hash: async (password) => {
      const salt = randomBytes(saltBytes);
      const digest = await digestOf(password, salt, today);
      return `$argon2id$v=19$m=${today.memoryKiB},t=${today.passes},p=${today.lanes}$${base64(salt)}$${base64(digest)}`;
    },
    verify: async (password, stored) => {
      const found = stored === null ? null : parseStoredHash(stored);
      const hashable = isHashablePassword(password);
      const against = found ?? nobody;
      const digest = await digestOf(hashable ? password : "", against.salt, against.cost);
      return timingSafeEqual(digest, against.digest) && found !== null && hashable;
    },
    isOutdated: (stored) => {
      const cost = parseStoredHash(stored)?.cost;
      return cost === undefined || cost.memoryKiB !== today.memoryKiB || cost.passes !== today.passes || cost.lanes !== today.lanes;
    },
  };

  return { inSlot: (work) => slots.run(() => work(hashing)), load: () => slots.load(), computed: () => computed };
};

/** WHO, as every other room sees him: the principal behind a request, resolved from a session, a bearer token or the local socket. */
import type { Role } from "#access/question.ts";
import type { CompiledAccess } from "#access/compile.ts";

export interface Principal {
  /** Access ID: `user:<realm name>/<account id>` or `os:<uid>`. The stored reference everywhere (E5: by id, never by name). */
  readonly accessId: string;
  /** What people see: the account's name, or `os:<uid>`. */
  readonly name: string;
  /** Account id; null for `os:<uid>`. */
  readonly accountId: string | null;
  readonly service: string;
  readonly groups: readonly string[];
  readonly roles: readonly Role[];
  readonly access: CompiledAccess;
  /** How he proved himself: `pwd`, `os`. */
  readonly amr: readonly string[];
  /** Seconds since 1970. */
  readonly authTime: number;
}

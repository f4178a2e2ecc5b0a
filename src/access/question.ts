/**
 * The facts and the literal question of MAY. `decide(question, access)` in `decide.ts` answers; `compile.ts` makes
 * `CompiledAccess` from a principal's roles once per policy revision.
 */

/** One permission of a role in one scope; `denied` is the subtractive form (D77). */
export interface Grant {
  readonly permission: string;
  readonly denied: boolean;
}

/** A folder of a role in one scope (D88-D92). `path` is normalised: `/`, `/finance`, `/finance/eu`. */
export interface FolderGrant {
  readonly path: string;
  readonly recursive: boolean;
}

/** A role's permissions and folders for all controllers (`default`) or for one (D71, D85-D87, D95). */
export interface RoleScope {
  readonly controller: "default" | (string & {});
  readonly permissions: readonly Grant[];
  readonly folders: readonly FolderGrant[];
}

/** A role, known by (service, name) (E7). */
export interface Role {
  readonly id: string;
  readonly service: string;
  readonly name: string;
  readonly scopes: readonly RoleScope[];
}

/** A literal question: may this principal do this, here? */
export interface Question {
  /** A leaf of the permission tree (E6), e.g. `controller:runs:create`. */
  readonly permission: string;
  /**
   * The object asked about (`/finance/close-books`) or, with a slash at its end, the folder (`/finance/`). Absent only for permissions that
   * are not about objects in folders (`manager:nodes:view`): the others are refused without it (E9).
   */
  readonly path?: string;
  /** The controller asked about; absent: default scope only (E4). */
  readonly controller?: string;
  /** Show the whole proof tree in `because.children`. */
  readonly trace?: boolean;
}

/** Who asks, as far as MAY needs him. */
export interface Actor {
  /** `user:<realm>/<account id>` or `os:<uid>`. */
  readonly accessId: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** An account as the host knows it, resolved once (O2); from here on only numbers are used. */
export interface OsAccount {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups by number, the primary one included. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
  /** `usable`, or why not (O4). `nologin` is judged against the credential entry. */
  readonly state: "usable" | "locked" | "expired";
  readonly nologin: boolean;
}

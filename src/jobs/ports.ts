/** What this room needs from others. */

export interface NodeNames {
  /** Whether a node of this name has joined and is not revoked. */
  exists(name: string): Promise<boolean>;
}

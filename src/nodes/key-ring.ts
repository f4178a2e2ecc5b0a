/**
 * The manager's keys while it runs: the one holder of which keys are today's, and the replacing of the delegation key (S5). Who may replace it is asked
 * by the HTTP layer; how nodes are told is the controller's.
 */
import type { AuditTrail } from "#audit/audit-trail.ts";
import type { Clock } from "#kernel/clock.ts";
import {
  activateRotation,
  currentAnnouncement,
  describeKeys,
  dropRotation,
  prepareRotation,
  type KeptAnnouncement,
  type KeyDescription,
  type ManagerKeys,
} from "#nodes/manager-keys.ts";

export interface RotatedKey {
  readonly serial: number;
  readonly kid: string;
  readonly replaced: string;
}

export interface KeyRing {
  /** Today's keys. */
  keys(): ManagerKeys;
  /** What nodes must know of the issuers; null: what they were told at their join. */
  announcement(): KeptAnnouncement | null;
  describe(): readonly KeyDescription[];
  /**
   * Replaces the delegation key; resolves once the new one signs. `revokeOld`: the old one may be in other hands, so nodes stop believing it at once; else
   * what it has signed stays valid for its life. One at a time: a second call waits.
   */
  rotate(actor: string, options: { readonly revokeOld: boolean }): Promise<RotatedKey>;
  /** Called when the new key is in place, before anything is signed with it. */
  onRotated(listener: () => void): void;
}

/** Holds the keys; records the end of a rotation that a crash had cut short. */
export const openKeyRing = async (options: {
  readonly keys: ManagerKeys;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}): Promise<KeyRing> => {
  const { audit, clock } = options;
  let keys = options.keys;
  let announcement = currentAnnouncement(keys, clock.nowMs());
  const listeners: (() => void)[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  if (keys.finishedRotation !== null)
    await audit.note({
      actor: "part:manager",
      action: "realm.rotation-finished",
      object: keys.realm.id,
      detail: { serial: keys.finishedRotation, kid: keys.delegation.kid },
    });

  const rotate = async (actor: string, revokeOld: boolean): Promise<RotatedKey> => {
    let prepared: RotatedKey;
    try {
      prepared = await audit.act({ actor, action: "realm.rotate-key", object: keys.realm.id, detail: { revokeOld } }, async () => {
        const made = prepareRotation(keys, { nowMs: clock.nowMs(), revokeOld });
        return { result: made, detail: made };
      });
    } catch (error) {
      dropRotation(keys);
      throw error;
    }
    // Nothing is awaited from here on: no token is signed between the new key and the announcement of it.
    keys = activateRotation(keys);
    announcement = currentAnnouncement(keys, clock.nowMs());
    for (const listener of listeners) listener();
    return prepared;
  };

  return {
    keys: () => keys,
    announcement: () => announcement,
    describe: () => describeKeys(keys),
    rotate: (actor, { revokeOld }) => {
      const mine = turn.then(() => rotate(actor, revokeOld));
      turn = mine.catch(() => {});
      return mine;
    },
    onRotated: (listener) => {
      listeners.push(listener);
    },
  };
};

/**
 * Takes an announcement of the realm's issuers (S5), whoever brings it: the node's administrator or the courier. It is believed for the signature of
 * the root key that was pinned at the join, and for a serial above the last one. What does not belong here: how it arrived.
 */
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { checkRotation } from "#proof/rotation.ts";
import type { NodeFiles } from "#launcher/node-files.ts";

/** Verifies and keeps it: durable before it counts. Answers its serial. A file that cannot be written throws, and nothing has changed. */
export const takeRotation = (files: NodeFiles, announcement: string): Result<number> => {
  if (!files.trust.ok) return files.trust;
  const anchors = files.trust.value;
  if (anchors === null) return refuse(problem("launch.not-joined", "this node has not joined a realm: there is nothing to rotate"));
  const { trust } = anchors;
  const checked = checkRotation(announcement, {
    rootKey: trust.rootKey,
    realmId: trust.realm.id,
    serial: trust.rotationSerial,
    epoch: trust.realm.epoch,
  });
  if (!checked.ok) return checked;
  const { epoch, serial, issuers } = checked.value;
  files.saveTrust({ ...trust, realm: { ...trust.realm, epoch }, rotationSerial: serial, issuers });
  return ok(serial);
};

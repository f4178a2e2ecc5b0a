/**
 * The names of parts in certificates of the internal CA, as URI subject alternative names (S9): `behalf://<realm id>/manager` and
 * `behalf://<realm id>/agent/<node id>`. The id, not the name: a name joins again after it was revoked, an id never comes back. Pure.
 */
export type PartName =
  | { readonly role: "manager"; readonly realmId: string }
  | { readonly role: "agent"; readonly realmId: string; readonly nodeId: string };

const pattern = /^behalf:\/\/([A-Za-z0-9_]{1,100})\/(?:(manager)|agent\/([A-Za-z0-9_]{1,100}))$/;

export const managerUri = (realmId: string): string => `behalf://${realmId}/manager`;
export const agentUri = (realmId: string, nodeId: string): string => `behalf://${realmId}/agent/${nodeId}`;

/** The part that a URI names; null when it names none. */
export const readPartName = (uri: string): PartName | null => {
  const found = pattern.exec(uri);
  if (found === null) return null;
  const [, realmId = "", manager, nodeId = ""] = found;
  return manager === undefined ? { role: "agent", realmId, nodeId } : { role: "manager", realmId };
};

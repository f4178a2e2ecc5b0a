/**
 * What a fresh installation gets (D21, D74, S13): service `LOCAL-INITIAL`, the six default roles, account `root` with a random one-time
 * password, and the local command line of whoever started it (S11). Once, ever: what is deleted later stays deleted.
 */
import { newId } from "#kernel/ids.ts";
import { defaultRoles } from "#access/default-roles.ts";
import { assignRoles } from "#identity/account-store.ts";
import { accessIdOf, changePolicy, type IdentityContext } from "#identity/identity-context.ts";
import { initialPasswordExpiry, randomPassword } from "#identity/initial-password.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { initialServiceName } from "#identity/rules/identity-settings.ts";

/** To be printed once and then forgotten. */
export interface FirstPassword {
  readonly account: string;
  readonly password: string;
  readonly expiresAtMs: number;
}

const marker = "identity.started";

/** Sets up a fresh installation; null where that was done before. */
export const startFirst = async (context: IdentityContext, ownerUid: number | null): Promise<FirstPassword | null> => {
  const { store, clock, settings, hasher, realm } = context;
  const isMarked = await store.read.selectFrom("meta").select("value").where("key", "=", marker).executeTakeFirst();
  if (isMarked !== undefined) return null;
  const name = "root";
  const password = randomPassword(settings.minimumPasswordLength);
  const hash = await hasher.inSlot((hashing) => hashing.hash(password));
  const nowMs = clock.nowMs();
  const accountId = newId("acc", nowMs);
  const expiresAtMs = initialPasswordExpiry(settings, accountNameKey(name), nowMs);
  const detail = {
    service: initialServiceName,
    account: name,
    roles: defaultRoles.map((role) => role.name),
    owner: ownerUid === null ? null : `os:${ownerUid}`,
  };
  return await changePolicy(
    context,
    { actor: "part:identity", action: "identity.first-start", object: `account:${accountId}`, detail },
    async (tx) => {
      const marked = await tx
        .insertInto("meta")
        .values({ key: marker, value: String(nowMs) })
        .onConflict((conflict) => conflict.column("key").doNothing())
        .executeTakeFirst();
      // Another manager on the same database was first.
      if ((marked.numInsertedOrUpdatedRows ?? 0n) === 0n) return { result: null };
      const roleIds: string[] = [];
      // One millisecond apart, the last one before now: ids order roles, and later ones come after these.
      for (const [index, role] of defaultRoles.entries()) {
        const id = newId("rol", nowMs - defaultRoles.length + index);
        await tx
          .insertInto("roles")
          .values({
            id,
            service: initialServiceName,
            name: role.name,
            scopes: JSON.stringify(role.scopes),
            revision: 1,
            updated_at: nowMs,
            updated_by: "part:identity",
          })
          .execute();
        if (role.name === "administrator") roleIds.push(id);
      }
      await tx
        .insertInto("accounts")
        .values({
          id: accountId,
          service: initialServiceName,
          name,
          name_key: accountNameKey(name),
          password_hash: hash,
          must_change: 1,
          password_expires_at: expiresAtMs,
          disabled: 0,
          groups: "[]",
          created_at: nowMs,
          last_login_at: null,
          revision: 1,
        })
        .execute();
      await assignRoles(tx, accessIdOf(realm.name, accountId), roleIds);
      if (ownerUid !== null) await assignRoles(tx, `os:${ownerUid}`, roleIds);
      return { result: { account: name, password, expiresAtMs } };
    },
  );
};

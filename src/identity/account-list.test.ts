/** The list of accounts, page by page, against the same list read whole. */
import assert from "node:assert/strict";
import { accountStates, pageAccounts, type AccountFilter, type AccountPlace } from "#identity/account-list.ts";
import type { Account } from "#identity/account-store.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { goodPassword, identityWorld, onBothStores, owner, realm, signIn } from "#test/fixtures/identity.ts";

const isWanted = (account: Account, { q, role, state }: AccountFilter): boolean => {
  const text = accountNameKey(q ?? "");
  const isInState = {
    enabled: !account.disabled,
    disabled: account.disabled,
    "password-due": account.mustChangePassword,
    "never-signed-in": account.lastLoginAtMs === null,
  };
  return (
    (state === undefined || isInState[state]) &&
    (role === undefined || account.roles.some((held) => held.name === role)) &&
    [account.name, ...account.groups].some((name) => accountNameKey(name).includes(text))
  );
};

onBothStores("4.4, W9: pages of accounts are the whole list in its order, filtered and counted alike", async (t, kind) => {
  const world = await identityWorld(t, kind);
  const { identity, store } = world;
  await identity.createRole(owner, {
    name: "clerk",
    scopes: [{ controller: "default", permissions: [{ permission: "manager:view", denied: false }], folders: [] }],
  });
  for (const [index, name] of ["zoe", "Ärne", "bea", "Straße", "carl_100", "carl-100", "dora", "émile"].entries())
    await identity.createAccount(
      owner,
      {
        name,
        password: goodPassword,
        mustChangePassword: index % 3 === 0,
        groups: index % 2 === 0 ? [] : ["Größe 100%", `cn=${name}`],
        roles: index % 4 === 0 ? ["clerk"] : [],
        disabled: index === 3,
      },
      { confirm: true },
    );
  await signIn(world, "carl_100", goodPassword);
  const all = await identity.listAccounts();
  const filters: AccountFilter[] = [
    {},
    ...["a", "STRASSE", "gr\u00f6ss", "gro\u0308\u00dfe", "100%", "_1", "%", "!", "cn=b", "nobody", '"'].map((q) => ({ q })),
    ...accountStates.flatMap((state) => [{ state }, { state, role: "clerk" }, { state, q: "r" }]),
    { role: "clerk" },
    { role: "Clerk" },
    { role: "clerk", q: "o" },
  ];
  let found = 0;
  for (const filter of filters) {
    const wanted = all.filter((account) => isWanted(account, filter)).map(({ name }) => name);
    for (const limit of [1, 2, 3, 200]) {
      const names: string[] = [];
      let after: AccountPlace | null = null;
      do {
        const page = await pageAccounts(store.read, realm.name, filter, { limit, after });
        assert.equal(page.total, wanted.length, JSON.stringify(filter));
        assert.ok(page.accounts.length <= limit);
        names.push(...page.accounts.map(({ name }) => name));
        after = page.next;
      } while (after !== null);
      assert.deepEqual(names, wanted, JSON.stringify([filter, limit]));
    }
    found += wanted.length;
  }
  assert.ok(found > 40, `the filters find too little: ${found}`);
  const [first] = all;
  const behindIt = await pageAccounts(
    store.read,
    realm.name,
    {},
    { limit: 200, after: ["LOCAL-INITIAL", accountNameKey(first?.name ?? "")] },
  );
  assert.deepEqual(
    behindIt.accounts.map(({ id }) => id),
    all.slice(1).map(({ id }) => id),
    "a place need not be there any more, and the list goes on behind it",
  );
});

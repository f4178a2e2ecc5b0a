/**
 * Policy tests: kept with the policy, changed like it, and run on every change of it (`policy-guard.ts`). Who may do it is asked before, by
 * who offers it. A test that fails is not stored: from then on it holds, or the policy does not change.
 */
import { fail } from "#kernel/problem.ts";
import { canonicalJson } from "#proof/canonical-json.ts";
import type { PolicyTest, TestResult } from "#access/policy-test.ts";
import type { ChangeOptions } from "#identity/confirmation.ts";
import { changePolicy, type Doer, type IdentityContext } from "#identity/identity-context.ts";
import { beginChange, runPolicyTests, testedActors } from "#identity/policy-guard.ts";
import { loadPolicyOf } from "#identity/policy-snapshot.ts";
import { findPolicyTest, keptCases, loadPolicyTests, type StoredPolicyTest } from "#identity/policy-test-store.ts";
import { accountNameKey } from "#identity/rules/account-name.ts";
import { renderPolicyTest } from "#identity/schema.ts";

/** Every change of the policy runs every test. */
const mostTests = 500;

export interface PolicyTestOutcome {
  readonly test: StoredPolicyTest;
  readonly change: "created" | "changed" | "unchanged";
}

export interface PolicyTests {
  /** By name. */
  listPolicyTests(): Promise<readonly StoredPolicyTest[]>;
  /** In the fold of names; null: there is none. */
  findPolicyTest(name: string): Promise<StoredPolicyTest | null>;
  /** Makes or replaces the test that a definition describes. Throws `policy.test-failed` where it does not hold. */
  applyPolicyTest(actor: Doer, test: PolicyTest, options?: ChangeOptions): Promise<PolicyTestOutcome>;
  /** Throws `policy.test-not-found`. */
  deletePolicyTest(actor: Doer, name: string): Promise<void>;
  /** Runs the stored tests, or those of these names, on the policy as it is. */
  runPolicyTests(names?: readonly string[]): Promise<readonly TestResult[]>;
}

const noTest = (name: string): never => fail("policy.test-not-found", `there is no policy test \`${name}\``);

export const openPolicyTests = (context: IdentityContext): PolicyTests => {
  const { store, clock, realm } = context;
  const find = (name: string): Promise<StoredPolicyTest | null> => findPolicyTest(store.read, accountNameKey(name));
  return {
    listPolicyTests: () => loadPolicyTests(store.read),
    findPolicyTest: find,
    applyPolicyTest: async (actor, test, options = {}) => {
      const key = accountNameKey(test.name);
      const found = await find(test.name);
      if (found !== null && canonicalJson(renderPolicyTest(found)) === canonicalJson(renderPolicyTest(test))) {
        const cases = keptCases(test);
        // The same test, written somewhere else: failures name the place that was read last.
        if (test.places !== undefined && cases !== keptCases(found))
          await store.write((tx) =>
            tx.updateTable("policy_tests").set({ cases }).where("name_key", "=", key).where("revision", "=", found.revision).execute(),
          );
        return { test: found, change: "unchanged" };
      }
      const entry = {
        actor: actor.accessId,
        action: found === null ? "policy-test.create" : "policy-test.edit",
        object: `policy-test:${key}`,
        detail: { name: test.name, cases: renderPolicyTest(test)["cases"] },
      };
      return await changePolicy(context, entry, async (tx) => {
        const end = await beginChange(context, tx, actor, {});
        const before = await findPolicyTest(tx, key);
        if (before === null && (await loadPolicyTests(tx)).length >= mostTests)
          fail("input.too-large", `there are ${mostTests} policy tests already`, { hint: "put more cases into the ones that are there" });
        const columns = {
          name: test.name,
          description: test.description,
          cases: keptCases(test),
          revision: (before?.revision ?? 0) + 1,
          updated_at: clock.nowMs(),
          updated_by: actor.accessId,
        };
        if (before === null)
          await tx
            .insertInto("policy_tests")
            .values({ name_key: key, ...columns })
            .execute();
        else await tx.updateTable("policy_tests").set(columns).where("name_key", "=", key).execute();
        await end([], options);
        const stored = (await findPolicyTest(tx, key)) ?? noTest(test.name);
        return { result: { test: stored, change: before === null ? ("created" as const) : ("changed" as const) } };
      });
    },
    deletePolicyTest: async (actor, name) => {
      const key = accountNameKey(name);
      await changePolicy(context, { actor: actor.accessId, action: "policy-test.delete", object: `policy-test:${key}` }, async (tx) => {
        const found = (await findPolicyTest(tx, key)) ?? noTest(name);
        // Not guarded: without a test nothing can fail that did not fail with it, and a test that fails must be removable.
        await tx.deleteFrom("policy_tests").where("name_key", "=", key).execute();
        return { result: undefined, detail: { name: found.name, cases: renderPolicyTest(found)["cases"] } };
      });
    },
    runPolicyTests: async (names) => {
      const tests = await loadPolicyTests(store.read);
      const wanted = names?.map((name) => tests.find((test) => accountNameKey(test.name) === accountNameKey(name)) ?? noTest(name));
      const asked = wanted ?? tests;
      return runPolicyTests(asked, await loadPolicyOf(store.read, realm.name, testedActors(asked)));
    },
  };
};

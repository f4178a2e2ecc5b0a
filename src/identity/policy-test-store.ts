/** Queries about policy tests. Rules and audit stand in the use-cases. */
import type { Selectable } from "kysely";
import type { CasePlace, PolicyTest, PolicyTestCase } from "#access/policy-test.ts";
import type { Reader, Writer } from "#store/store.ts";
import type { PolicyTestsTable } from "#store/tables.ts";

/** A test as it is kept. */
export interface StoredPolicyTest extends PolicyTest {
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

/** A case with where it was written; of tests that were stored before that was kept, without. */
type KeptCase = PolicyTestCase & { readonly place?: CasePlace };

/** As the column `cases` has them. */
export const keptCases = ({ cases, places }: PolicyTest): string =>
  JSON.stringify(cases.map((one, index): KeptCase => ({ ...one, ...(places?.[index] === undefined ? {} : { place: places[index] }) })));

const toStoredTest = (row: Selectable<PolicyTestsTable>): StoredPolicyTest => {
  const kept = JSON.parse(row.cases) as readonly KeptCase[];
  const places = kept.flatMap(({ place }) => place ?? []);
  return {
    name: row.name,
    description: row.description,
    cases: kept.map(({ place: _place, ...one }) => one),
    ...(places.length === kept.length ? { places } : {}),
    revision: row.revision,
    updatedAtMs: row.updated_at,
    updatedBy: row.updated_by,
  };
};

/** All tests, by name. */
export const loadPolicyTests = async (source: Reader | Writer): Promise<readonly StoredPolicyTest[]> =>
  (await source.selectFrom("policy_tests").selectAll().orderBy("name_key").execute()).map(toStoredTest);

/** A test by the fold of its name; null: there is none. */
export const findPolicyTest = async (source: Reader | Writer, nameKey: string): Promise<StoredPolicyTest | null> => {
  const row = await source.selectFrom("policy_tests").selectAll().where("name_key", "=", nameKey).executeTakeFirst();
  return row === undefined ? null : toStoredTest(row);
};

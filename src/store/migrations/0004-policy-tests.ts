/** Where policy tests are kept. */
import type { Migration } from "#store/migrate.ts";

export const policyTests: Migration = {
  name: "0004-policy-tests",
  statements: ({ text, integer, tableEnd }) => [
    `create table policy_tests (
  name_key ${text} primary key,
  name ${text} not null,
  description ${text},
  cases ${text} not null,
  revision ${integer} not null,
  updated_at ${integer} not null,
  updated_by ${text} not null
)${tableEnd}`,
  ],
};

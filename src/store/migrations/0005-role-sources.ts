/** Where a role's definition came from: the file and lines of the document that made a revision of it. */
import type { Migration } from "#store/migrate.ts";

export const roleSources: Migration = {
  name: "0005-role-sources",
  statements: ({ text, integer, tableEnd }) => [
    `create table role_sources (
  role_id ${text} primary key references roles (id) on delete cascade,
  revision ${integer} not null,
  file ${text},
  line ${integer} not null,
  entries ${text} not null
)${tableEnd}`,
  ],
};

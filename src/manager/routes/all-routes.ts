/** Every route of the manager. A file per area; a route that is not in this list does not exist. */
import type { Route } from "#manager/route.ts";
import { accountRoutes } from "#manager/routes/accounts.ts";
import { auditRoutes } from "#manager/routes/audit.ts";
import { completeRoutes } from "#manager/routes/complete.ts";
import { definitionRoutes } from "#manager/routes/definitions.ts";
import { explainRoutes } from "#manager/routes/explain.ts";
import { importRoutes } from "#manager/routes/import.ts";
import { jobRoutes } from "#manager/routes/jobs.ts";
import { manyRunsRoutes } from "#manager/routes/many-runs.ts";
import { nodeTableRoutes } from "#manager/routes/node-table.ts";
import { nodeRoutes } from "#manager/routes/nodes.ts";
import { pageRoutes } from "#manager/routes/page.ts";
import { folderRoutes } from "#manager/routes/folders.ts";
import { previewRoutes } from "#manager/routes/preview.ts";
import { policyTestRoutes } from "#manager/routes/policy-tests.ts";
import { roleRoutes } from "#manager/routes/roles.ts";
import { runRoutes } from "#manager/routes/runs.ts";
import { sessionRoutes } from "#manager/routes/sessions.ts";
import { realmRoutes } from "#manager/routes/realm.ts";
import { statusRoutes } from "#manager/routes/status.ts";
import { streamRoutes } from "#manager/routes/streams.ts";
import { submissionRoutes } from "#manager/routes/submissions.ts";
import { whatIfRoutes } from "#manager/routes/what-if.ts";
import { whoCanRoutes } from "#manager/routes/who-can.ts";
import type { Services } from "#manager/services.ts";

export const allRoutes = (services: Services): Route[] => [
  ...pageRoutes(services),
  ...sessionRoutes(services),
  ...statusRoutes(services),
  ...definitionRoutes(services),
  ...jobRoutes(services),
  ...folderRoutes(services),
  ...previewRoutes(services),
  ...submissionRoutes(services),
  ...runRoutes(services),
  ...manyRunsRoutes(services),
  ...streamRoutes(services),
  ...explainRoutes(services),
  ...whoCanRoutes(services),
  ...completeRoutes(services),
  ...accountRoutes(services),
  ...importRoutes(services),
  ...roleRoutes(services),
  ...policyTestRoutes(services),
  ...whatIfRoutes(services),
  ...nodeRoutes(services),
  ...nodeTableRoutes(services),
  ...realmRoutes(services),
  ...auditRoutes(services),
];

/** The OpenAPI document as it is served: generated from the schemas the routes use, without the component variants that nothing refers to. */
import type { FastifyInstance } from "fastify";
import type { Route } from "#manager/route.ts";

const references = (value: unknown, found: Set<string>): void => {
  if (Array.isArray(value)) for (const item of value) references(item, found);
  else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === "$ref" && typeof item === "string") found.add(item.slice(item.lastIndexOf("/") + 1));
      else references(item, found);
    }
  }
};

const needed = (paths: unknown, schemas: Readonly<Record<string, unknown>>): ReadonlySet<string> => {
  const found = new Set<string>();
  references(paths, found);
  for (const name of found) references(schemas[name], found);
  return found;
};

interface Operation {
  parameters?: object[];
  responses: Record<string, unknown>;
}

/** What a zod schema cannot say: request headers that mean something, and answers that are not JSON. */
const complete = (operation: Operation, declared: Route): void => {
  for (const [name, description] of Object.entries(declared.headers ?? {})) {
    operation.parameters = [
      ...(operation.parameters ?? []),
      { in: "header", name, required: false, description, schema: { type: "string" } },
    ];
  }
  const { default: problem, ...others } = operation.responses;
  if (declared.produces !== undefined)
    operation.responses = {
      "200": { description: "OK", content: { [declared.produces]: { schema: { type: "string" } } } },
      default: problem,
    };
  else if (declared.answer === undefined) operation.responses = { "204": { description: "done" }, default: problem };
  else operation.responses = { ...others, default: problem };
};

/** The document; keys of components in order, so that it is the same text whenever the routes are the same. */
export const openApiOf = (app: FastifyInstance, routes: readonly Route[]): Record<string, unknown> => {
  const document = structuredClone(app.swagger()) as unknown as Record<string, unknown> & {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas?: Record<string, unknown> };
  };
  for (const declared of routes) {
    const operation = document.paths[openApiPath(declared.url)]?.[declared.method.toLowerCase()];
    if (operation !== undefined) complete(operation, declared);
  }
  const schemas = document.components.schemas ?? {};
  const used = needed(document.paths, schemas);
  document.components.schemas = Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => used.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return document;
};

/** A route's address as the document writes it. */
export const openApiPath = (url: string): string => url.replaceAll(/:(\w+)/g, "{$1}").replace("*", "{*}");

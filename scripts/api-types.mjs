/**
 * The API's types for the cockpit, written from the golden OpenAPI document (`web/src/api/generated.ts`, ignored by git): one
 * `operations` map by method and address. Made anew before every build and every check, so that it cannot fall behind.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const isName = (text) => /^[A-Za-z_$][\w$]*$/.test(text);
const property = (name, optional, type) => `readonly ${isName(name) ? name : JSON.stringify(name)}${optional ? "?" : ""}: ${type}`;

const union = (types) => [...new Set(types)].join(" | ");

/** One JSON schema as a type. What the document does not say is `unknown`. */
export const typeOf = (schema) => {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref !== undefined) return `Schemas[${JSON.stringify(schema.$ref.split("/").at(-1))}]`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return union(alternatives.map(typeOf));
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(" & ");
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })));
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `readonly ${wrapped(typeOf(schema.items))}[]`;
    case "object":
      return objectType(schema);
    default:
      return schema.properties === undefined ? "unknown" : objectType(schema);
  }
};

/** A type that can stand before `[]`. */
const wrapped = (type) => (/^(?:[\w$]+(?:\[[^\]]*\])?|\{[^]*\})$/.test(type) && !/\} [|&] \{/.test(type) ? type : `(${type})`);

const objectType = (schema) => {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([name, one]) => property(name, !required.has(name), typeOf(one)));
  if (fields.length > 0) return `{ ${fields.join("; ")} }`;
  if (typeof schema.additionalProperties === "object") return `Readonly<Record<string, ${typeOf(schema.additionalProperties)}>>`;
  return "Readonly<Record<string, unknown>>";
};

const parameters = (operation, place) => {
  const found = (operation.parameters ?? []).filter((one) => one.in === place);
  return found.length === 0 ? "undefined" : `{ ${found.map((one) => property(one.name, !one.required, typeOf(one.schema))).join("; ")} }`;
};

const answer = (operation) => {
  const good = Object.entries(operation.responses ?? {}).find(([status]) => status.startsWith("2"));
  const schema = good?.[1].content?.["application/json"]?.schema;
  return schema === undefined ? "undefined" : typeOf(schema);
};

/** The whole file. */
export const renderApiTypes = (document) => {
  const lines = [
    "/** Made by `scripts/api-types.mjs` from the OpenAPI document; not edited, not committed. */",
    "export interface Schemas {",
  ];
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
    lines.push(`  ${property(name, false, typeOf(schema))};`);
  lines.push("}", "", "export interface Operations {");
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const body = operation.requestBody?.content?.["application/json"]?.schema;
      lines.push(
        `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: {`,
        `    readonly path: ${parameters(operation, "path")};`,
        `    readonly query: ${parameters(operation, "query")};`,
        `    readonly body: ${body === undefined ? "undefined" : typeOf(body)};`,
        `    readonly answer: ${answer(operation)};`,
        "  };",
      );
    }
  }
  lines.push("}", "");
  return lines.join("\n");
};

export const writeApiTypes = () => {
  const text = renderApiTypes(JSON.parse(readFileSync(join(root, "test", "golden", "openapi.json"), "utf8")));
  const file = join(root, "web", "src", "api", "generated.ts");
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
};

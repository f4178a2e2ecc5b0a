/** `behalf get KIND [NAME]`: what is defined, as a table, JSON, or the YAML that `apply` takes. */
import type { AddCommand } from "#cli/command.ts";
import { kindOf } from "#cli/kinds.ts";
import { renderTable } from "#cli/output.ts";
import { fail } from "#kernel/problem.ts";

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly nextCursor?: string | null;
}

export const addGetCommand: AddCommand = (program, act) => {
  program
    .command("get")
    .description("show jobs, roles, accounts, policy tests or nodes")
    .argument("<kind>", "jobs, roles, accounts, policytests or nodes")
    .argument("[name]", "one of them, e.g. a job's path")
    .option("-o, --output <format>", "table, yaml or json")
    .option("--folder <path>", "only jobs in this folder or below")
    .option("--search <text>", "only jobs whose path or title contains this text")
    .option("--revision <n>", "an earlier revision of a job")
    .action(
      act(
        async (
          { api, output },
          kindName: string,
          name: string | undefined,
          options: { output?: string; folder?: string; search?: string; revision?: string },
        ) => {
          const kind = kindOf(kindName);
          const format = output.json ? "json" : (options.output ?? "table");
          if (!["table", "yaml", "json"].includes(format))
            fail("cli.usage", `there is no format \`${format}\``, { hint: "one of: table, yaml, json" });
          const client = api();
          if (name !== undefined) {
            const query = options.revision === undefined ? "" : `?revision=${encodeURIComponent(options.revision)}`;
            const item = await client.call<Readonly<Record<string, unknown>>>("GET", `${kind.item(name)}${query}`);
            if (format === "json") return output.printJson(item);
            if (format === "yaml")
              return typeof item["yaml"] === "string"
                ? output.print(item["yaml"].trimEnd())
                : fail("cli.usage", `${kind.names[1] ?? kindName} have no YAML form`, { hint: "use `--json`" });
            return output.print(renderTable(output, kind.head, [kind.row(item)], "none"));
          }
          const items: Readonly<Record<string, unknown>>[] = [];
          let cursor: string | null = null;
          do {
            const query = new URLSearchParams({ limit: "200" });
            if (options.folder !== undefined) query.set("folder", options.folder);
            if (options.search !== undefined) query.set("q", options.search);
            if (cursor !== null) query.set("cursor", cursor);
            const page: Page = await client.call<Page>("GET", `${kind.collection}?${query.toString()}`);
            items.push(...page.items);
            cursor = page.nextCursor ?? null;
          } while (cursor !== null);
          if (format === "json") return output.printJson({ items });
          if (format === "yaml") {
            const texts: string[] = [];
            for (const item of items) {
              const whole: Readonly<Record<string, unknown>> =
                typeof item["yaml"] === "string" ? item : await client.call("GET", kind.item(String(item["path"] ?? item["name"])));
              if (typeof whole["yaml"] !== "string")
                return fail("cli.usage", `${kind.names[1] ?? kindName} have no YAML form`, { hint: "use `--json`" });
              texts.push(whole["yaml"].trimEnd());
            }
            return output.print(texts.join("\n---\n"));
          }
          output.print(
            renderTable(
              output,
              kind.head,
              items.map((item) => kind.row(item)),
              `no ${kind.names[1] ?? kindName}`,
            ),
          );
        },
      ),
    );
};

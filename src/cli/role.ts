/** `behalf role …`: what is done with roles as a whole. Lists are `behalf get roles`, definitions are applied with `behalf apply`. */
import type { Command } from "commander";
import type { AddCommand } from "#cli/command.ts";
import type { Output } from "#cli/output.ts";
import { fail } from "#kernel/problem.ts";

interface Outcome {
  readonly role: { readonly name: string; readonly service: string } | null;
  readonly notices: readonly { readonly text: string }[];
}

export const tellNotices = (output: Output, notices: readonly { readonly text: string }[]): void => {
  for (const { text } of notices) output.note(`${output.paint("yellow", "note")}: ${text}`);
};

export const addRoleCommands: AddCommand = (program, act) => {
  const role: Command = program.command("role").description("duplicate, rename and export roles");
  const at = (name: string): string => `/api/v1/roles/${encodeURIComponent(name)}`;

  role
    .command("duplicate")
    .description("copy a role under another name, or into another identity service")
    .argument("<role>", "role name or id")
    .argument("<name>", "name of the copy")
    .option("--service <service>", "the identity service that gets the copy; without it that of the role")
    .action(
      act(async ({ api, output }, name: string, copy: string, options: { service?: string }) => {
        const answer = await api().call<Outcome>("POST", `${at(name)}/duplicate`, {
          name: copy,
          ...(options.service === undefined ? {} : { service: options.service }),
        });
        if (output.json) return output.printJson(answer);
        output.print(`${answer.role?.name ?? copy} is a copy of ${name}`);
        tellNotices(output, answer.notices);
      }),
    );

  role
    .command("rename")
    .description("give a role another name; who holds it keeps it")
    .argument("<role>", "role name or id")
    .argument("<name>", "its new name")
    .action(
      act(async ({ api, output }, name: string, next: string) => {
        const found = await api().call<{ revision: number; definition: Record<string, unknown> }>("GET", at(name));
        const answer = await api().call<Outcome>("PUT", at(name), {
          definition: { ...found.definition, name: next },
          revision: found.revision,
          keepEmpty: true,
        });
        if (output.json) return output.printJson(answer);
        output.print(`${name} is ${answer.role?.name ?? next} now`);
        tellNotices(output, answer.notices);
      }),
    );

  role
    .command("export")
    .description("write roles as YAML that `behalf apply` and `behalf import roles` take, or in the form of JS7")
    .argument("[roles...]", "role names; without them all roles")
    .option("--format <format>", "yaml or js7", "yaml")
    .action(
      act(async ({ api, output }, names: string[], options: { format: string }) => {
        if (!["yaml", "js7"].includes(options.format))
          fail("cli.usage", `there is no format \`${options.format}\``, { hint: "one of: yaml, js7" });
        const query = new URLSearchParams({ format: options.format });
        if (names.length > 0) query.set("names", names.join(","));
        const answer = await api().call<{ text: string; left: string[] }>("GET", `/api/v1/roles/export?${query.toString()}`);
        if (output.json) return output.printJson(answer);
        output.print(answer.text.trimEnd());
        tellNotices(
          output,
          answer.left.map((text) => ({ text })),
        );
      }),
    );

  role
    .command("remove-empty")
    .description("remove the roles that have neither a permission nor a folder")
    .action(
      act(async ({ api, output }) => {
        const answer = await api().call<{ notices: Outcome["notices"] }>("POST", "/api/v1/roles/remove-empty", {});
        if (output.json) return output.printJson(answer);
        output.print(answer.notices.length === 0 ? "no role is empty" : answer.notices.map(({ text }) => text).join("\n"));
      }),
    );
};

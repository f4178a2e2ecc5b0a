/** `behalf account …`: accounts of the manager's own service and the roles they hold. Lists are `behalf get accounts`. */
import type { Command } from "commander";
import type { AddCommand } from "#cli/command.ts";

interface NewPassword {
  readonly oneTimePassword: string | null;
  readonly account: { readonly name: string; readonly accessId: string };
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export const addAccountCommands: AddCommand = (program, act) => {
  const account: Command = program.command("account").description("accounts and the roles they hold");
  const at = (name: string): string => `/api/v1/accounts/${encodeURIComponent(name)}`;

  account
    .command("create")
    .description("create an account; its one-time password is shown once")
    .argument("<name>", "account name")
    .option("--role <role>", "a role it holds; several times", collect, [])
    .option("--group <group>", "a group it is in, as nodes' tables see it; several times", collect, [])
    .action(
      act(async ({ api, output }, name: string, options: { role: string[]; group: string[] }) => {
        const answer = await api().call<NewPassword>("POST", "/api/v1/accounts", { name, roles: options.role, groups: options.group });
        if (output.json) return output.printJson(answer);
        output.print(`${answer.account.name} (${answer.account.accessId})`);
        if (answer.oneTimePassword !== null)
          output.print(
            `one-time password: ${output.paint("bold", answer.oneTimePassword)}   shown only now; must be changed at the first sign-in`,
          );
      }),
    );

  account
    .command("reset-password")
    .description("replace the password by a new one-time one, shown once; ends the account's sessions")
    .argument("<name>", "account name")
    .action(
      act(async ({ api, output }, name: string) => {
        const answer = await api().call<NewPassword>("POST", `${at(name)}/reset-password`, {});
        if (output.json) return output.printJson(answer);
        output.print(`one-time password of ${name}: ${output.paint("bold", answer.oneTimePassword ?? "")}   shown only now`);
      }),
    );

  for (const [verb, sentence] of [
    ["disable", "an account that is disabled cannot sign in; its sessions end at once"],
    ["enable", "let a disabled account sign in again"],
  ] as const) {
    account
      .command(verb)
      .description(sentence)
      .argument("<name>", "account name")
      .option("--confirm", "go on although this was asked back about, e.g. because it is your own account")
      .action(
        act(async ({ api, output }, name: string, options: { confirm?: boolean }) => {
          await api().call("POST", `${at(name)}/${verb}${options.confirm === true ? "?confirm=true" : ""}`, {});
          if (output.json) output.printJson({ account: name, [`${verb}d`]: true });
          else output.print(`${name} is ${verb}d`);
        }),
      );
  }

  for (const [verb, sentence] of [
    ["assign", "give a role to an account"],
    ["unassign", "take a role from an account; the role itself stays"],
  ] as const) {
    account
      .command(verb)
      .description(sentence)
      .argument("<name>", "account name or access ID such as os:1000")
      .argument("<role>", "role name")
      .option("--confirm", "go on although this was asked back about, e.g. because it narrows or is your own account")
      .action(
        act(async ({ api, output }, name: string, role: string, options: { confirm?: boolean }) => {
          await (verb === "assign"
            ? api().call("POST", "/api/v1/assignments", { account: name, role, confirm: options.confirm === true })
            : api().call(
                "DELETE",
                `/api/v1/assignments/${encodeURIComponent(name)}/${encodeURIComponent(role)}${options.confirm === true ? "?confirm=true" : ""}`,
              ));
          if (output.json) output.printJson({ account: name, role, [verb]: true });
          else output.print(verb === "assign" ? `${name} holds ${role}` : `${name} no longer holds ${role}`);
        }),
      );
  }
};

/** `behalf delete KIND NAME`. History and audit keep what was. */
import type { AddCommand } from "#cli/command.ts";
import { kindOf } from "#cli/kinds.ts";
import { fail } from "#kernel/problem.ts";

export const addDeleteCommand: AddCommand = (program, act) => {
  program
    .command("delete")
    .description("delete a job, a role, an account or a policy test; its history stays")
    .argument("<kind>", "job, role, account or policytest")
    .argument("<name>", "its name or path")
    .option("--confirm", "go on although this takes access in a way that was asked back about")
    .action(
      act(async ({ api, output }, kindName: string, name: string, options: { confirm?: boolean }) => {
        const kind = kindOf(kindName);
        if (kind.names.includes("node")) fail("cli.usage", "a node is not deleted but revoked", { hint: `behalf node revoke ${name}` });
        await api().call("DELETE", `${kind.item(name)}${options.confirm === true ? "?confirm=true" : ""}`);
        if (output.json) output.printJson({ deleted: { kind: kind.names[0], name } });
        else output.print(`${kind.names[0] ?? kindName} ${name} is deleted`);
      }),
    );
};

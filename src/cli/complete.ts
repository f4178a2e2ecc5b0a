/** `behalf complete KIND [PREFIX]`: the names that begin so, one a line; what shell completion asks. */
import type { AddCommand } from "#cli/command.ts";
import { plainText } from "#cli/output.ts";

interface Completed {
  readonly items: readonly { readonly value: string; readonly description: string | null }[];
  readonly more: boolean;
}

export const addCompleteCommand: AddCommand = (program, act) => {
  program
    .command("complete")
    .description("names that begin with some letters, as far as you may see them; shell completion asks this")
    .argument("<kind>", "job, folder, role, account, node or permission")
    .argument("[prefix]", "what was typed so far")
    .option("--may <permission>", "jobs on which you hold this permission")
    .action(
      act(async ({ api, output }, kind: string, prefix: string | undefined, options: { may?: string }) => {
        const query = new URLSearchParams({ kind, prefix: prefix ?? "", ...options });
        const found = await api().call<Completed>("GET", `/api/v1/complete?${query.toString()}`);
        if (output.json) return output.printJson(found);
        for (const { value } of found.items) output.print(plainText(value));
      }),
    );
};

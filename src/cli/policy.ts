/** `behalf policy test`: the policy tests, on the policy as it is or as files would make it. */
import { collect, joinFiles } from "#cli/apply.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { printTests, type TestAnswer } from "#cli/what-if.ts";

interface RunAnswer {
  readonly passed: boolean;
  readonly failed: number;
  readonly tests: readonly TestAnswer[];
}

export const addPolicyCommands: AddCommand = (program, act) => {
  const policy = program.command("policy").description("hold the policy to tests");
  policy
    .command("test")
    .description(
      "run policy tests; exit code 1 where one fails\n  behalf policy test\n  behalf policy test -f roles.yaml -f tests.yaml   the stored ones and those of the files, on what the files would make of the policy",
    )
    .argument("[name...]", "only these tests")
    .option(
      "-f, --file <file>",
      "a draft: YAML documents as `apply` takes them, `-` for standard input; may be given several times",
      collect,
      [],
    )
    .action(
      act(async ({ api, output }, names: string[], options: { file: string[] }) => {
        const answer = await api().call<RunAnswer>("POST", "/api/v1/policy-tests/run", {
          ...(options.file.length === 0 ? {} : await joinFiles(options.file)),
          ...(names.length === 0 ? {} : { tests: names }),
        });
        if (output.json) output.printJson(answer);
        else {
          printTests(output, answer.tests);
          if (answer.tests.length === 0) output.print("no policy tests");
        }
        if (!answer.passed) throw new ExitCode(1);
      }),
    );
};

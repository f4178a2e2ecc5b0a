/** `behalf credential …`: the node's own credential store, spoken to on the node itself (A6-A9, S11). The manager never sees it. */
import type { CredentialEntry } from "#launch/ports.ts";
import type { AddCommand } from "#cli/command.ts";
import { callLauncher, noteNotUsable, type NotUsable } from "#cli/launcher-client.ts";
import { renderTable } from "#cli/output.ts";

const collect = (value: string, before: string[]): string[] => [...before, value];

export const addCredentialCommands: AddCommand = (program, act) => {
  const credential = program
    .command("credential")
    .description("the credential store of this node: which key runs as which account, for whom; stays on the node");

  credential
    .command("set")
    .description("create or replace an entry; without --folder and --submitter it is allowed for nobody")
    .argument("<key>", "credential key, as jobs name it")
    .requiredOption("--user <name>", "operating-system account that jobs with this key run as")
    .option("--folder <path>", "job folder (with all below it) that may use the key; several times", collect, [])
    .option("--submitter <id>", "who may use it: an access ID, `group:NAME`, or `authenticated`; several times", collect, [])
    .option("--allow-nologin", "accept an account whose shell is nologin")
    .option("--no-new-privileges", "start jobs with no_new_privs set: sudo and set-uid programs do nothing for them")
    .action(
      act(
        async (
          { layout, output },
          key: string,
          options: { user: string; folder: string[]; submitter: string[]; allowNologin?: boolean; newPrivileges: boolean },
        ) => {
          const entry: CredentialEntry = {
            key,
            user: options.user,
            allow: { folders: options.folder, submitters: options.submitter },
            allowNologin: options.allowNologin === true,
            noNewPrivileges: !options.newPrivileges,
          };
          const { problems } = await callLauncher<{ problems: NotUsable[] }>(layout().launcher.adminSocket, {
            type: "credential-set",
            entry,
          });
          if (output.json) return output.printJson({ entry, problems });
          output.print(`${key} runs as ${options.user}`);
          if (options.folder.length === 0 || options.submitter.length === 0)
            output.note(`${output.paint("yellow", "note")}: nobody may use it yet: give --folder and --submitter`);
          noteNotUsable(output, problems);
        },
      ),
    );

  credential
    .command("list")
    .description("entries and whom they are allowed for; never a secret")
    .action(
      act(async ({ layout, output }) => {
        const { entries } = await callLauncher<{ entries: CredentialEntry[] }>(layout().launcher.adminSocket, { type: "credential-list" });
        if (output.json) return output.printJson({ entries });
        output.print(
          renderTable(
            output,
            ["key", "runs as", "folders", "submitters", "options"],
            entries.map((entry) => [
              entry.key,
              entry.user,
              entry.allow.folders.join(" ") || "none",
              entry.allow.submitters.join(" ") || "nobody",
              [entry.allowNologin ? "allow-nologin" : "", entry.noNewPrivileges ? "no-new-privileges" : ""]
                .filter((word) => word !== "")
                .join(" ") || "-",
            ]),
            "no entries: add one with `behalf credential set KEY --user NAME --folder PATH --submitter ID`",
          ),
        );
      }),
    );

  credential
    .command("delete")
    .description("remove an entry; jobs that name it are refused from now on")
    .argument("<key>", "credential key")
    .action(
      act(async ({ layout, output }, key: string) => {
        await callLauncher(layout().launcher.adminSocket, { type: "credential-delete", key });
        if (output.json) output.printJson({ deleted: key });
        else output.print(`${key} is gone`);
      }),
    );

  credential
    .command("test")
    .description("go the whole way of a launch with an entry, but start only `true` as its account")
    .argument("<key>", "credential key")
    .action(
      act(async ({ layout, output }, key: string) => {
        const answer = await callLauncher<{ runAs: { user: string; uid: number; gid: number; groups: number[] } }>(
          layout().launcher.adminSocket,
          { type: "credential-test", key },
        );
        if (output.json) return output.printJson(answer);
        const { user, uid, gid, groups } = answer.runAs;
        output.print(
          `${output.paint("green", "works")}: ${key} starts processes as ${user} (uid ${uid}, gid ${gid}, groups ${groups.join(",")})`,
        );
      }),
    );
};

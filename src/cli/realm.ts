/** `behalf realm show|rotate-key`: the keys that the manager signs with. */
import type { AddCommand } from "#cli/command.ts";
import { renderTable } from "#cli/output.ts";

export interface RealmView {
  readonly id: string;
  readonly name: string;
  readonly epoch: number;
  readonly rotationSerial: number;
  readonly keys: readonly { readonly purpose: "delegation" | "root" | "audit" | "ca"; readonly id: string; readonly madeAt: string }[];
  readonly nodesBehind: readonly string[];
}

const purposes: Readonly<Record<RealmView["keys"][number]["purpose"], string>> = {
  delegation: "signs orders",
  root: "announces the key that signs orders",
  audit: "signs checkpoints",
  ca: "issues the certificates of agents",
};

export const ageInDays = (madeAt: string, nowMs: number): number => Math.max(0, Math.floor((nowMs - Date.parse(madeAt)) / 86_400_000));

export const addRealmCommands: AddCommand = (program, act) => {
  const realm = program.command("realm").description("the realm of this manager and its keys");
  realm
    .command("show")
    .description("ids and ages of the keys, and the nodes that have not heard of the newest one")
    .action(
      act(async ({ api, output }) => {
        const view = await api().call<RealmView>("GET", "/api/v1/realm");
        if (output.json) return output.printJson(view);
        output.print(`realm ${output.paint("bold", view.name)} (${view.id}), epoch ${view.epoch}\n`);
        output.print(
          renderTable(
            output,
            ["KEY", "PURPOSE", "AGE", "ID"],
            view.keys.map(({ purpose, id, madeAt }) => [purpose, purposes[purpose], `${ageInDays(madeAt, Date.now())} d`, id]),
            "",
          ),
        );
        if (view.nodesBehind.length > 0)
          output.print(`\n${output.paint("yellow", "not told of the newest key yet:")} ${view.nodesBehind.join(", ")}`);
      }),
    );
  realm
    .command("rotate-key")
    .description("replace the key that signs orders; nodes are told through their agents, those that are away when they come back")
    .option("--revoke-old", "the old key may be in other hands: nodes that hear of it stop believing the old key at once")
    .action(
      act(async ({ api, output }, options: { revokeOld?: boolean }) => {
        const answer = await api().call<{ serial: number; keyId: string; replacedKeyId: string }>("POST", "/api/v1/realm/rotate-key", {
          revokeOld: options.revokeOld === true,
        });
        if (output.json) return output.printJson(answer);
        output.print(`orders are signed with key ${answer.keyId} from now on`);
        output.note(
          options.revokeOld === true
            ? `nodes stop believing ${answer.replacedKeyId} as soon as they hear of it; see who has not: behalf realm show`
            : `what ${answer.replacedKeyId} has signed stays valid for its life, at most 5 minutes; see which nodes know: behalf realm show`,
        );
      }),
    );
};

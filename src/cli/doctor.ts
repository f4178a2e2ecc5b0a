/** `behalf doctor`: what is in order and what is not, on manager and node, each with the command that mends it. */
import { existsSync } from "node:fs";
import type { ApiClient } from "#cli/api-client.ts";
import type { AddCommand } from "#cli/command.ts";
import { callLauncher } from "#cli/launcher-client.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { exitCodeOf, plainText, type Output } from "#cli/output.ts";
import { ageInDays, type RealmView } from "#cli/realm.ts";
import { ProblemError } from "#kernel/problem.ts";

export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
  readonly hint: string | null;
}

const print = (output: Output, title: string, findings: readonly Finding[]): void => {
  output.print(output.paint("bold", title));
  for (const finding of findings) {
    const mark =
      finding.level === "ok"
        ? output.paint("green", "✔")
        : finding.level === "warning"
          ? output.paint("yellow", "!")
          : output.paint("red", "✘");
    output.print(`  ${mark} ${plainText(finding.text)}`);
    if (finding.hint !== null) output.print(`      ${plainText(finding.hint)}`);
  }
};

/** The launcher's own findings, from the node's administration socket. */
export const nodeFindings = async (adminSocket: string): Promise<Finding[]> => {
  try {
    return (await callLauncher<{ findings: Finding[] }>(adminSocket, { type: "doctor" })).findings;
  } catch (error) {
    if (error instanceof ProblemError) return [{ level: "problem", text: error.problem.message, hint: error.problem.hint }];
    throw error;
  }
};

/** A signing key older than this is worth a look: replacing it costs nothing and interrupts nothing. */
const oldKeyDays = 365;

const keyFindings = async (api: ApiClient): Promise<Finding[]> => {
  let realm: RealmView;
  try {
    realm = await api.call<RealmView>("GET", "/api/v1/realm");
  } catch (error) {
    // Not everyone who may ask how the instance is may see its keys.
    if (error instanceof ProblemError && exitCodeOf(error.problem) !== 6) return [];
    throw error;
  }
  const findings = realm.keys.map(({ purpose, id, madeAt }): Finding => {
    const days = ageInDays(madeAt, Date.now());
    const isOld = purpose === "delegation" && days > oldKeyDays;
    return {
      level: isOld ? "warning" : "ok",
      text: `key \`${purpose}\` is ${id}, ${days} ${days === 1 ? "day" : "days"} old`,
      hint: isOld ? "behalf realm rotate-key" : null,
    };
  });
  if (realm.nodesBehind.length > 0)
    findings.push({
      level: "warning",
      text: `not told of the newest signing key yet: ${realm.nodesBehind.join(", ")}`,
      hint: "start their agents, or look at their launchers' logs: behalf get nodes",
    });
  return findings;
};

export const addDoctorCommand: AddCommand = (program, act) => {
  program
    .command("doctor")
    .description("check manager and node of this machine; every finding has the command that mends it")
    .action(
      act(async ({ api, layout, output }) => {
        let manager: Finding[] = [];
        const client = api();
        // A node of a manager elsewhere has no manager of its own to look at.
        const isNodeOnly = client.target.kind === "socket" && existsSync(layout().launcher.trust) && !existsSync(layout().manager.folder);
        try {
          const status = isNodeOnly
            ? null
            : await client.call<{
                version: string;
                separation: string;
                nodes: { online: number; total: number };
                warnings?: string[];
              }>("GET", "/api/v1/status");
          if (status !== null)
            manager = [
              { level: "ok", text: `manager ${status.version} answers`, hint: null },
              {
                level: status.nodes.online === status.nodes.total ? "ok" : "warning",
                text: `${status.nodes.online} of ${status.nodes.total} nodes are online`,
                hint: status.nodes.online === status.nodes.total ? null : "behalf get nodes",
              },
              status.separation === "none"
                ? {
                    level: "warning",
                    text: "separation: none (all parts under one account); who controls one controls all",
                    hint: "as root: behalf up --manager-account NAME --agent-account NAME",
                  }
                : { level: "ok", text: `separation: ${status.separation}`, hint: null },
              ...(await keyFindings(client)),
              ...(status.warnings ?? []).map((text): Finding => ({ level: "warning", text, hint: null })),
            ];
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          manager = [{ level: "problem", text: error.problem.message, hint: error.problem.hint }];
        }
        const node = await nodeFindings(layout().launcher.adminSocket);
        if (output.json) output.printJson({ manager, node });
        else {
          if (!isNodeOnly) print(output, "manager", manager);
          print(output, "node", node);
        }
        if ([...manager, ...node].some((finding) => finding.level === "problem")) throw new ExitCode(1);
      }),
    );
};

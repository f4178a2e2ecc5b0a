/**
 * `behalf node …`. Two sides: at the manager (invite, list, revoke), and on the node itself (join, up, table, policy, trust, journal),
 * which speak only to the launcher's administration socket and need no manager.
 */
import type { Command } from "commander";
import { parse as parseYaml } from "yaml";
import type { NodePolicy, NodeTable, NodeTrust } from "#launch/ports.ts";
import type { NodeRole } from "#proof/launch-order.ts";
import { fail } from "#kernel/problem.ts";
import { shellWord } from "#kernel/shell-word.ts";
import { readInput } from "#cli/apply.ts";
import { readSecretLine } from "#cli/ask.ts";
import type { Act, AddCommand } from "#cli/command.ts";
import { kindOf } from "#cli/kinds.ts";
import { renderJournalHead } from "#cli/node-journal.ts";
import { callLauncher, noteNotUsable, type NotUsable } from "#cli/launcher-client.ts";
import { renderTable } from "#cli/output.ts";

const collect = (value: string, before: string[]): string[] => [...before, value];
const nodeRoles: readonly NodeRole[] = ["monitor", "configurator", "operator", "administrator", "auditor"];

const readRole = (text: string): NodeRole =>
  nodeRoles.find((role) => role === text) ??
  fail("cli.usage", `there is no node role \`${text}\``, { hint: `one of: ${nodeRoles.join(", ")}` });

const readDocument = async (path: string): Promise<unknown> => {
  const text = await readInput(path);
  try {
    return parseYaml(text, { maxAliasCount: 50 }) as unknown;
  } catch (error) {
    return fail("input.malformed-yaml", `\`${path}\` is neither YAML nor JSON`, { cause: error });
  }
};

const addManagerSide = (node: Command, act: Act): void => {
  node
    .command("list")
    .description("nodes of the manager, with the account their jobs run as")
    .action(
      act(async ({ api, output }) => {
        const page = await api().call<{ items: Record<string, unknown>[] }>("GET", "/api/v1/nodes?limit=200");
        if (output.json) return output.printJson(page);
        const kind = kindOf("nodes");
        output.print(
          renderTable(
            output,
            kind.head,
            page.items.map((item) => kind.row(item)),
            "no nodes: invite one with `behalf node invite NAME`",
          ),
        );
      }),
    );

  node
    .command("invite")
    .description("make a one-time join token for a node of this name; valid for an hour")
    .argument("<name>", "name of the node")
    .option("--label <key=value>", "a label, set here and not by the node; several times", collect, [])
    .action(
      act(async ({ api, output }, name: string, options: { label: string[] }) => {
        const labels = Object.fromEntries(options.label.map((text) => [text.split("=")[0] ?? "", text.split("=").slice(1).join("=")]));
        const answer = await api().call<{ token: string; expiresAt: string; address: string }>("POST", "/api/v1/nodes/invitations", {
          name,
          labels,
        });
        if (output.json) return output.printJson(answer);
        output.print(answer.token);
        output.note(
          `on the node, give this token on standard input:\n  behalf node join --manager ${answer.address} --name ${name} --token-file -\nit works once, for this name, within an hour`,
        );
      }),
    );

  node
    .command("revoke")
    .description("revoke a node: its connection is cut, it gets no more runs, its name may join anew")
    .argument("<name>", "name of the node")
    .action(
      act(async ({ api, output }, name: string) => {
        await api().call("POST", `/api/v1/nodes/${encodeURIComponent(name)}/revoke`, {});
        if (output.json) output.printJson({ revoked: name });
        else output.print(`${name} is revoked`);
      }),
    );
};

const addJoin = (node: Command, act: Act): void => {
  node
    .command("join")
    .description("on the node: make its keys and join a manager; then start it with `behalf node up`")
    .requiredOption("--manager <host:port>", "the manager's agent listener")
    .requiredOption("--name <name>", "this node's name, as invited")
    .requiredOption("--token-file <file>", "the join token; `-` reads it from standard input (never given as an argument)")
    .option("--operator <id>", "access ID, `group:NAME` or `authenticated` that may run jobs here; several times", collect, [])
    .option("--administrator <id>", "access ID that administers here; several times", collect, [])
    .option("--default-job-account <user>", "account for jobs with `as: agent`; without it they are refused")
    .action(
      act(
        async (
          { layout, output },
          options: {
            manager: string;
            name: string;
            tokenFile: string;
            operator: string[];
            administrator: string[];
            defaultJobAccount?: string;
          },
        ) => {
          const token = (options.tokenFile === "-" ? await readSecretLine() : await readInput(options.tokenFile)).trim();
          const { joinNode } = await import("#nodes/join.ts");
          const joined = await joinNode({
            layout: layout(),
            managerAddress: options.manager,
            nodeName: options.name,
            token,
            table: [
              ...options.operator.map((subject) => ({ subject, roles: ["operator" as const] })),
              ...options.administrator.map((subject) => ({ subject, roles: ["administrator" as const] })),
            ],
            policy: { defaultJobAccount: options.defaultJobAccount ?? null, namedUids: [] },
          });
          if (output.json) return output.printJson(joined);
          output.print(`${options.name} has joined; start it with: behalf node up --data ${shellWord(layout().root)}`);
          if (options.operator.length === 0)
            output.note(
              `${output.paint("yellow", "note")}: its table is closed; admit someone with \`behalf node table grant SUBJECT operator\``,
            );
        },
      ),
    );

  node
    .command("up")
    .description("on the node: run its launcher and agent until ctrl-C")
    .option("--agent-account <name>", "as root: run the agent under this host account")
    .option("--leave-running", "on ctrl-C leave launcher and jobs running")
    .action(
      act(async ({ layout, output }, flags: { agentAccount?: string; leaveRunning?: boolean }) => {
        const { startNode } = await import("#supervise/node-up.ts");
        let signalled: (() => void) | null = null;
        const asked = new Promise<void>((resolve) => (signalled = resolve));
        for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => signalled?.());
        const running = await startNode({
          dataFolder: layout().root,
          agentAccount: flags.agentAccount ?? null,
          leaveRunning: flags.leaveRunning === true,
        });
        if (output.json) output.printJson({ node: running.nodeName, data: layout().root });
        else
          output.print(
            `node ${running.nodeName} is up; ctrl-C ${flags.leaveRunning === true ? "stops the agent, jobs go on" : "drains and stops it"}`,
          );
        await asked;
        output.note("\nstopping");
        await running.stop((text) => output.note(text));
        output.note("stopped");
        setImmediate(() => process.exit(0));
      }),
    );
};

const addTable = (node: Command, act: Act): void => {
  const table = node.command("table").description("on the node: who holds which role here (its own authorization table)");
  const read = async (socket: string): Promise<NodeTable> =>
    (await callLauncher<{ table: NodeTable }>(socket, { type: "table-show" })).table;

  table
    .command("show")
    .description("the table")
    .action(
      act(async ({ layout, output }) => {
        const shown = await read(layout().launcher.adminSocket);
        if (output.json) return output.printJson(shown);
        output.print(
          renderTable(
            output,
            ["subject", "roles"],
            shown.entries.map((entry) => [entry.subject, entry.roles.join(" ")]),
            "nobody holds a role here: admit someone with `behalf node table grant SUBJECT operator`",
          ),
        );
      }),
    );

  for (const verb of ["grant", "revoke"] as const) {
    table
      .command(verb)
      .description(verb === "grant" ? "give a role on this node" : "take a role on this node")
      .argument("<subject>", "access ID (`user:…`, `os:…`), `group:NAME` or `authenticated`")
      .argument("<role>", nodeRoles.join(", "))
      .action(
        act(async ({ layout, output }, subject: string, roleText: string) => {
          const role = readRole(roleText);
          const socket = layout().launcher.adminSocket;
          const before = await read(socket);
          const held = before.entries.find((entry) => entry.subject === subject)?.roles ?? [];
          const roles = verb === "grant" ? [...new Set([...held, role])] : held.filter((one) => one !== role);
          const others = before.entries.filter((entry) => entry.subject !== subject);
          const after: NodeTable = { version: 1, entries: roles.length === 0 ? others : [...others, { subject, roles }] };
          await callLauncher(socket, { type: "table-set", table: after });
          if (output.json) output.printJson(after);
          else output.print(roles.length === 0 ? `${subject} holds no role here` : `${subject} holds ${roles.join(", ")} here`);
        }),
      );
  }

  table
    .command("set")
    .description("replace the whole table from a file (YAML or JSON)")
    .requiredOption("-f, --file <file>", "`-` for standard input")
    .action(
      act(async ({ layout, output }, options: { file: string }) => {
        const document = (await readDocument(options.file)) as NodeTable;
        await callLauncher(layout().launcher.adminSocket, { type: "table-set", table: document });
        if (output.json) output.printJson(document);
        else output.print("the table is replaced");
      }),
    );
};

const addPolicyAndTrust = (node: Command, act: Act): void => {
  const policy = node.command("policy").description("on the node: which accounts may be used at all; the manager cannot change it");
  policy
    .command("show")
    .description("the policy")
    .action(
      act(async ({ layout, output }) => {
        const { policy: shown } = await callLauncher<{ policy: NodePolicy }>(layout().launcher.adminSocket, { type: "policy-show" });
        output.printJson(shown);
      }),
    );
  policy
    .command("set")
    .description("replace the policy from a file (YAML or JSON)")
    .requiredOption("-f, --file <file>", "`-` for standard input")
    .action(
      act(async ({ layout, output }, options: { file: string }) => {
        const document = (await readDocument(options.file)) as NodePolicy;
        const { problems } = await callLauncher<{ problems: NotUsable[] }>(layout().launcher.adminSocket, {
          type: "policy-set",
          policy: document,
        });
        if (output.json) return output.printJson({ ...document, problems });
        output.print("the policy is replaced");
        noteNotUsable(output, problems);
      }),
    );

  node
    .command("trust")
    .description("on the node: the realm it trusts and the keys it accepts orders from")
    .action(
      act(async ({ layout, output }) => {
        const { trust } = await callLauncher<{ trust: NodeTrust }>(layout().launcher.adminSocket, { type: "trust-show" });
        if (output.json) return output.printJson(trust);
        output.print(
          `node ${trust.node.name} (${trust.node.id})\nrealm ${trust.realm.name} (${trust.realm.id}), epoch ${trust.realm.epoch}\nissuers ${trust.issuers.map((issuer) => issuer.kid).join(", ")} (rotation ${trust.rotationSerial})`,
        );
      }),
    );

  node
    .command("journal")
    .description("on the node: its receipts, as a witness for `behalf audit verify --against`")
    .action(
      act(async ({ layout, output }) => {
        const socket = layout().launcher.adminSocket;
        const { node: self, publicKey } = await callLauncher<{ node: { id: string; name: string }; publicKey: string }>(socket, {
          type: "status",
        });
        if (!output.json) output.print(renderJournalHead({ node: self, publicKey }));
        const all: string[] = [];
        let afterSequence: number | null = 0;
        while (afterSequence !== null) {
          const page: { receipts: string[]; nextAfter: number | null } = await callLauncher(socket, {
            type: "journal-export",
            ...(afterSequence === 0 ? {} : { afterSequence }),
          });
          if (output.json) all.push(...page.receipts);
          else for (const receipt of page.receipts) output.print(receipt);
          afterSequence = page.nextAfter;
        }
        if (output.json) output.printJson({ node: self, publicKey, receipts: all });
      }),
    );

  node
    .command("refresh")
    .description("on the node: read credentials, policy and table again from their files")
    .action(
      act(async ({ layout, output }) => {
        await callLauncher(layout().launcher.adminSocket, { type: "refresh" });
        if (output.json) output.printJson({ refreshed: true });
        else output.print("read again");
      }),
    );
};

export const addNodeCommands: AddCommand = (program, act) => {
  const node = program.command("node").description("nodes: invite and revoke them at the manager; join, start and govern them on the node");
  addManagerSide(node, act);
  addJoin(node, act);
  addTable(node, act);
  addPolicyAndTrust(node, act);
};

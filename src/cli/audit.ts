/** `behalf audit list|verify`: the record, and whether anyone touched it (K1). */
import { readFileSync } from "node:fs";
import { fail } from "#kernel/problem.ts";
import type { ApiClient } from "#cli/api-client.ts";
import type { AddCommand } from "#cli/command.ts";
import { ExitCode } from "#cli/exit-code.ts";
import { parseJournal, type NodeJournal } from "#cli/node-journal.ts";
import { renderTable, renderTime } from "#cli/output.ts";

interface AuditRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly at: string;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly object: string;
  readonly phase: string;
}

interface Verification {
  readonly ok: boolean;
  readonly records: number;
  readonly chains: number;
  readonly checkpoints: number;
  readonly head: { readonly writer: string; readonly sequence: number; readonly hash: string } | null;
  readonly findings: readonly {
    readonly kind: string;
    readonly writer: string | null;
    readonly sequence: number | null;
    readonly text: string;
  }[];
}

/** A page of receipts, in characters: well below what the manager takes in one body. */
const pageCharacters = 512 * 1024;

/** Shows a node's journal to the manager, page by page; answers the id that a verification names. */
const showWitness = async (client: ApiClient, { node, publicKey, receipts }: NodeJournal): Promise<string> => {
  const { id } = await client.call<{ id: string }>("POST", "/api/v1/audit/witnesses", { node, publicKey });
  for (let after = 0; after < receipts.length;) {
    const page: string[] = [];
    for (let characters = 0; after + page.length < receipts.length && characters < pageCharacters && page.length < 10_000;) {
      const receipt = receipts[after + page.length] ?? "";
      page.push(receipt);
      characters += receipt.length;
    }
    ({ receipts: after } = await client.call<{ receipts: number }>("POST", `/api/v1/audit/witnesses/${id}/receipts`, {
      after,
      receipts: page,
    }));
  }
  return id;
};

export const addAuditCommands: AddCommand = (program, act) => {
  const audit = program.command("audit").description("the hash-chained record of who did what");

  audit
    .command("list")
    .description("audit records, newest first")
    .option("--actor <id>", "only of this actor: account name, access ID or part")
    .option("--action <action>", "only this action, e.g. runs.create")
    .option("--object <text>", "only about this object")
    .option("--limit <n>", "at most so many", "30")
    .option("--cursor <cursor>", "go on where an earlier answer ended")
    .action(
      act(async ({ api, output }, options: Record<string, string | undefined>) => {
        const query = new URLSearchParams();
        for (const name of ["actor", "action", "object", "limit", "cursor"])
          if (options[name] !== undefined) query.set(name, options[name]);
        const page = await api().call<{ items: AuditRecord[]; nextCursor: string | null }>("GET", `/api/v1/audit?${query.toString()}`);
        if (output.json) return output.printJson(page);
        output.print(
          renderTable(
            output,
            ["at", "actor", "action", "object", "phase", "#"],
            page.items.map((one) => [
              renderTime(one.at),
              one.actorName ?? one.actor,
              one.action,
              one.object,
              one.phase,
              String(one.sequence),
            ]),
            "no records",
          ),
        );
        if (page.nextCursor !== null) output.note(output.paint("dim", `more: --cursor ${page.nextCursor}`));
      }),
    );

  audit
    .command("verify")
    .description("check the whole chain; finds altered, removed and reordered records up to a trusted head")
    .option(
      "--against <file>",
      "a node's journal (`behalf node journal > FILE` there): finds also a cut tail, a rewrite and unreported runs",
    )
    .option("--head <writer:sequence:hash>", "a head you already trust")
    .action(
      act(async ({ api, output }, options: { against?: string; head?: string }) => {
        let journal: string | undefined;
        if (options.against !== undefined) {
          try {
            journal = readFileSync(options.against, "utf8");
          } catch (error) {
            fail("cli.unreadable-file", `the journal \`${options.against}\` cannot be read`, { cause: error });
          }
        }
        const client = api();
        const head = options.head?.split(":");
        if (head !== undefined && head.length !== 3)
          fail("cli.usage", "a head has three parts", { hint: "--head WRITER:SEQUENCE:HASH, as `behalf audit verify` prints it" });
        const body = {
          ...(head === undefined ? {} : { head: { writer: head[0] ?? "", sequence: Number(head[1]), hash: head[2] ?? "" } }),
          ...(options.against === undefined ? {} : { witness: await showWitness(client, parseJournal(options.against, journal ?? "")) }),
        };
        const found = await client.call<Verification>("POST", "/api/v1/audit/verify", body);
        if (output.json) output.printJson(found);
        else {
          output.print(
            `${found.ok ? output.paint("green", "intact") : output.paint("red", "not intact")}: ${found.records} records in ${found.chains} ${found.chains === 1 ? "chain" : "chains"}, ${found.checkpoints} checkpoints`,
          );
          for (const finding of found.findings) output.print(`  ${output.paint("red", finding.kind)}: ${finding.text}`);
          if (found.head !== null)
            output.print(output.paint("dim", `  head ${found.head.writer}:${found.head.sequence}:${found.head.hash}`));
        }
        if (!found.ok) throw new ExitCode(1);
      }),
    );
};

/** `behalf explain --who-can PERMISSION`: every account that may, as a table or JSON. */
import { fail, type Because } from "#kernel/problem.ts";
import type { ApiClient } from "#cli/api-client.ts";
import { plainText, renderTable, type Output } from "#cli/output.ts";

interface WhoCanAnswer {
  readonly question: { readonly permission: string; readonly on: string | null; readonly controller: string | null };
  readonly items: readonly {
    readonly accessId: string;
    readonly name: string;
    readonly service: string;
    readonly disabled: boolean;
    readonly because: Because;
  }[];
  readonly named: boolean;
  readonly total: number;
  readonly disabledTotal: number;
  readonly nextCursor: string | null;
}

export interface WhoCanOptions {
  readonly whoCan: string;
  readonly on?: string;
  readonly controller?: string;
  readonly limit?: string;
}

const perCall = 1000;
const standardLimit = 100;

const limitOf = (text: string | undefined): number => {
  const limit = text === undefined ? standardLimit : Number(text);
  return Number.isSafeInteger(limit) && limit > 0
    ? limit
    : fail("cli.usage", "`--limit` is a whole number from 1", { hint: "--limit 1000" });
};

const load = async (client: ApiClient, options: WhoCanOptions, limit: number): Promise<WhoCanAnswer> => {
  const items: WhoCanAnswer["items"][number][] = [];
  for (let cursor: string | null = null; ;) {
    const answer: WhoCanAnswer = await client.call<WhoCanAnswer>("POST", "/api/v1/who-can", {
      permission: options.whoCan,
      ...(options.on === undefined ? {} : { on: options.on }),
      ...(options.controller === undefined ? {} : { controller: options.controller }),
      ...(cursor === null ? {} : { cursor }),
      limit: Math.min(perCall, limit - items.length),
    });
    items.push(...answer.items);
    if (answer.nextCursor === null || items.length >= limit) return { ...answer, items };
    cursor = answer.nextCursor;
  }
};

const accounts = (count: number): string => (count === 1 ? "1 account" : `${count.toLocaleString("en")} accounts`);

export const printWhoCan = async (client: ApiClient, output: Output, options: WhoCanOptions): Promise<void> => {
  const answer = await load(client, options, limitOf(options.limit));
  if (output.json) return output.printJson(answer);
  const { question, items, named, total, disabledTotal } = answer;
  const place =
    (question.on === null ? "" : ` on ${question.on}`) + (question.controller === null ? "" : ` of controller ${question.controller}`);
  output.print(output.paint("bold", plainText(`${accounts(total)} may ${question.permission}${place}`)));
  if (items.length > 0)
    output.print(
      renderTable(
        output,
        ["account", "service", "because"],
        items.map(({ name, service, because }) => [name, service, because.text]),
        "",
      ),
    );
  if (!named && total > 0) output.print("  not named: you may not see accounts (`manager:administration:accounts:view`)");
  if (named && items.length < total) output.print(`  ${items.length.toLocaleString("en")} shown; more with \`--limit ${total}\``);
  if (disabledTotal > 0) output.print(`  ${accounts(disabledTotal)} more could, but ${disabledTotal === 1 ? "is" : "are"} disabled`);
};

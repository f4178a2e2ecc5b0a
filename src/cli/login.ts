/** `behalf login`, `logout`, `whoami`, `password`. On the machine of `behalf up` its starter needs none of them. */
import type { AddCommand } from "#cli/command.ts";
import { ask } from "#cli/ask.ts";
import { createApiClient } from "#cli/api-client.ts";
import { checkUrl, type Context } from "#cli/context.ts";
import { renderTime } from "#cli/output.ts";
import { saveToken } from "#cli/saved-logins.ts";
import { readInstance } from "#supervise/instance.ts";
import { fail } from "#kernel/problem.ts";

interface SessionAnswer {
  readonly account: {
    readonly accessId: string;
    readonly name: string;
    readonly roles: readonly string[];
    readonly groups: readonly string[];
  };
  readonly token?: string;
  readonly mustChangePassword: boolean;
  readonly expiresAt: string | null;
}

const urlOf = ({ options, layout }: Context): string => {
  const url = options.url ?? process.env["BEHALF_URL"] ?? readInstance(layout())?.url;
  return url === undefined
    ? fail("cli.usage", "which manager? No URL was given and no data folder is near", { hint: "behalf login --url http://localhost:4900" })
    : checkUrl(url);
};

const changePassword = async (context: Context, url: string, token: string | null, current: string | null): Promise<void> => {
  const before = current ?? (await ask("current password: ", { secret: true }));
  const next = await ask("new password: ", { secret: true });
  if (process.stdin.isTTY && (await ask("new password again: ", { secret: true })) !== next)
    fail("cli.usage", "the two new passwords differ", { hint: "run the command again" });
  const client = createApiClient({ kind: "url", url, token, ca: null });
  const answer = await client.call<SessionAnswer>("POST", "/api/v1/password", { current: before, new: next });
  if (answer?.token !== undefined) saveToken(url, answer.token);
  context.output.note("password changed");
};

export const addLoginCommands: AddCommand = (program, act) => {
  program
    .command("login")
    .description("sign in at a manager; the password is asked for, or read from standard input")
    .argument("[account]", "account name", "root")
    .action(
      act(async (context, account: string) => {
        const url = urlOf(context);
        const password = await ask(`password of ${account} at ${url}: `, { secret: true });
        const client = createApiClient({ kind: "url", url, token: null, ca: null });
        const answer = await client.call<SessionAnswer>("POST", "/api/v1/sessions", { account, password, kind: "cli" });
        saveToken(url, answer.token ?? null);
        if (answer.mustChangePassword) {
          context.output.note("this password must be changed now");
          if (process.stdin.isTTY) await changePassword(context, url, answer.token ?? null, password);
          else context.output.note("run `behalf password` to change it");
        }
        if (context.output.json) context.output.printJson({ url, account: answer.account, mustChangePassword: answer.mustChangePassword });
        else context.output.print(`signed in as ${answer.account.name} at ${url}`);
      }),
    );

  program
    .command("logout")
    .description("end the session and forget its token")
    .option("--everywhere", "end all sessions of the account")
    .action(
      act(async (context, options: { everywhere?: boolean }) => {
        const url = urlOf(context);
        const { createContext } = await import("#cli/context.ts");
        const client = createContext({ ...context.options, url }).api();
        await client.call("DELETE", `/api/v1/sessions/current${options.everywhere === true ? "?everywhere=true" : ""}`);
        saveToken(url, null);
        if (context.output.json) context.output.printJson({ url, signedOut: true });
        else context.output.print(`signed out at ${url}`);
      }),
    );

  program
    .command("whoami")
    .description("who the manager says you are, and how you proved it")
    .action(
      act(async ({ api, output }) => {
        const session = await api().call<{
          principal: { name: string; accessId: string; service: string; groups: string[]; roles: string[]; amr: string[] };
          session: { expiresAt: string } | null;
        }>("GET", "/api/v1/sessions/current");
        if (output.json) return output.printJson(session);
        const { principal } = session;
        output.print(`${output.paint("bold", principal.name)}  ${principal.accessId}`);
        output.print(
          `  signed in by  ${principal.amr.includes("os") ? "the local socket of this machine (no login step)" : principal.amr.join(", ")}`,
        );
        output.print(`  service       ${principal.service}`);
        output.print(`  roles         ${principal.roles.join(", ") || "none"}`);
        if (principal.groups.length > 0) output.print(`  groups        ${principal.groups.join(", ")}`);
        if (session.session !== null) output.print(`  session ends  ${renderTime(session.session.expiresAt)} at the latest`);
      }),
    );

  program
    .command("password")
    .description("change your own password; from standard input: the current one, then the new one, a line each")
    .action(
      act(async (context) => {
        const url = urlOf(context);
        const { tokenFor } = await import("#cli/saved-logins.ts");
        await changePassword(context, url, process.env["BEHALF_TOKEN"] ?? tokenFor(url), null);
      }),
    );
};

/**
 * AS WHOM: which account of the node a run gets, or why none (S6, S7, O4; A33-A36). `requestedUser` says whom the order asks for, the caller
 * looks that account up, `decideAsWhom` decides by all facts. The run identity is an output of this rule: no input carries it. Pure.
 */
import type { Because, Problem } from "#kernel/problem.ts";
import { problem } from "#kernel/problem.ts";
import { ok, refuse, type Result } from "#kernel/result.ts";
import { shellWord } from "#kernel/shell-word.ts";
import type { Verdict } from "#access/verdict.ts";
import type { LaunchOrder, NodeRole } from "#proof/launch-order.ts";
import type { CredentialEntry, NodePolicy } from "#launch/rules/credentials.ts";
import type { OsAccount } from "#launch/rules/os-account.ts";
import { checkUserName, showUserName } from "#launch/rules/user-name.ts";

/** Whom the order asks for. `entry` is null for `as: agent`. */
export interface RequestedUser {
  readonly user: string;
  readonly entry: CredentialEntry | null;
}

export interface AsWhomFacts {
  readonly order: Pick<LaunchOrder, "as" | "job" | "submitter">;
  readonly credentials: readonly CredentialEntry[];
  readonly policy: NodePolicy;
  /** Roles that the submitter holds on this node. */
  readonly heldRoles: readonly NodeRole[];
  /** What the host says about `requestedUser`; null when that refused. */
  readonly account: Result<OsAccount> | null;
  /** Uids of the users that `policy.accounts` names, looked up by the caller: policy compares uids, not names (O2). */
  readonly policyUids: ReadonlyMap<string, number>;
  /** From /etc/login.defs. */
  readonly minimumUid: number;
  /** Uids of manager, agent, launcher and of whoever started them (S7). */
  readonly partUids: readonly number[];
  /** Text of /etc/nologin; null when the file is not there. */
  readonly nologinNotice: string | null;
  /**
   * `credential test`, asked by the node's administrator: not who may use the entry, only whether it could be used by anybody, for any job that it and the policy
   * allow. No run is decided so.
   */
  readonly isTest?: boolean;
}

export interface AsWhomDecision {
  readonly verdict: Verdict;
  /** Set with a permit. */
  readonly runAs: { readonly account: OsAccount; readonly entry: CredentialEntry | null } | null;
}

const shownText = (text: string): string => text.slice(0, 200).replaceAll(/[\p{C}`]/gu, "?");

/** The command that would write this entry, for hints. */
export const credentialCommand = (entry: CredentialEntry): string => {
  const words = ["behalf credential set", shellWord(entry.key), "--user", shellWord(entry.user)];
  for (const folder of entry.allow.folders) words.push("--folder", shellWord(folder));
  for (const submitter of entry.allow.submitters) words.push("--submitter", shellWord(submitter));
  if (entry.allowNologin) words.push("--allow-nologin");
  if (entry.noNewPrivileges) words.push("--no-new-privileges");
  return words.join(" ");
};

/** Folder of a job path; the root for a job at the top. */
export const folderOfJob = (path: string): string => {
  const at = path.lastIndexOf("/");
  return at <= 0 ? "/" : path.slice(0, at);
};

/** Whole segments, below included, NFC (E9). */
const holdsFolder = (allowed: string, folder: string): boolean => {
  const outer = allowed.normalize("NFC");
  const inner = folder.normalize("NFC");
  return outer === "/" || inner === outer || inner.startsWith(`${outer}/`);
};

const isSubmitter = (allowed: string, submitter: LaunchOrder["submitter"]): boolean =>
  allowed === "authenticated" ||
  allowed === submitter.accessId ||
  (allowed.startsWith("group:") && submitter.groups.includes(allowed.slice(6)));

/** Whose account is asked for: by key from the node's own store, or the default job account. */
export const requestedUser = (
  as: LaunchOrder["as"],
  credentials: readonly CredentialEntry[],
  policy: NodePolicy,
  folder = "FOLDER",
): Result<RequestedUser> => {
  if (as.kind === "agent") {
    return policy.defaultJobAccount === null
      ? refuse(
          problem("launch.no-default-account", "this node has no default job account for `as: agent`", {
            hint: "on the node, set `defaultJobAccount` in the policy with `behalf node policy set`; or give the job a credential key",
          }),
        )
      : ok({ user: policy.defaultJobAccount, entry: null });
  }
  const entry = credentials.find((one) => one.key === as.key);
  if (entry !== undefined) return ok({ user: entry.user, entry });
  const key = shownText(as.key);
  return refuse(
    problem("launch.no-such-key", `the node's credential store has no entry named \`${key}\``, {
      hint: `check the spelling in the job's \`as\`; on the node: behalf credential set ${shellWord(key)} --user ACCOUNT --folder ${shellWord(folder)} --submitter ACCESS_ID`,
    }),
  );
};

const reservedUids = new Map([
  [0, "it is root"],
  [65_535, "it is the 16-bit number for no account"],
  [4_294_967_295, "it is the number for no account"],
]);

type Facts = NonNullable<Because["facts"]>;

/** The whole decision. Whatever is not known refuses. */
export const decideAsWhom = (facts: AsWhomFacts): AsWhomDecision => {
  const { order, policy } = facts;
  const folder = folderOfJob(order.job.path);
  const known: Record<string, string | number | boolean | null> = {
    as: order.as.kind,
    key: order.as.kind === "credential" ? shownText(order.as.key) : null,
    folder: shownText(folder),
    submitter: shownText(order.submitter.accessId),
  };
  const deny = (rule: `as-whom.${string}`, refused: Problem): AsWhomDecision => {
    const because: Because = { rule, text: refused.message, facts: { ...known } satisfies Facts };
    return { verdict: { effect: "deny", problem: { ...refused, because }, because }, runAs: null };
  };

  const requested = requestedUser(order.as, facts.credentials, policy, facts.isTest === true ? undefined : folder);
  if (!requested.ok) return deny(order.as.kind === "agent" ? "as-whom.no-default-account" : "as-whom.no-such-key", requested.problem);
  const { user, entry } = requested.value;
  known["user"] = showUserName(user);

  // Who may use the entry comes first: somebody who may not learns nothing about the account.
  if (entry !== null && facts.isTest !== true) {
    if (!entry.allow.folders.some((allowed) => holdsFolder(allowed, folder))) {
      const wanted = { ...entry, allow: { ...entry.allow, folders: [...entry.allow.folders, folder] } };
      return deny(
        "as-whom.folder",
        problem("launch.folder-not-allowed", `the credential \`${entry.key}\` is not allowed for jobs in \`${shownText(folder)}\``, {
          hint: `on the node: ${credentialCommand(wanted)}`,
        }),
      );
    }
    if (!entry.allow.submitters.some((allowed) => isSubmitter(allowed, order.submitter))) {
      const wanted = { ...entry, allow: { ...entry.allow, submitters: [...entry.allow.submitters, order.submitter.accessId] } };
      return deny(
        "as-whom.submitter",
        problem(
          "launch.submitter-not-allowed",
          `the credential \`${entry.key}\` is not allowed for submitter \`${shownText(order.submitter.accessId)}\``,
          { hint: `on the node: ${credentialCommand(wanted)}` },
        ),
      );
    }
  }

  const named = checkUserName(user);
  if (!named.ok) return deny("as-whom.user-name", named.problem);
  if (facts.account === null)
    return deny("as-whom.account", problem("launch.account-lookup-failed", `the account \`${showUserName(user)}\` was not looked up`));
  if (!facts.account.ok) {
    known["code"] = facts.account.problem.code;
    return deny("as-whom.account", withEntryHint(facts.account.problem, user, entry));
  }
  const account = facts.account.value;
  known["uid"] = account.uid;
  known["gid"] = account.gid;

  // SECURITY: by number, whatever the name is (S7: `run-identity.test.ts`). Alias names and second accounts of a uid change nothing.
  const isNamed = policy.namedUids.includes(account.uid);
  const policyHint = `use another account; or, on the node, add ${account.uid} to \`namedUids\` with \`behalf node policy set\``;
  if (!isNamed) {
    const reserved =
      reservedUids.get(account.uid) ?? (account.uid < facts.minimumUid ? `uids below ${facts.minimumUid} belong to the system` : null);
    if (reserved !== null) {
      known["minimumUid"] = facts.minimumUid;
      return deny(
        "as-whom.system-account",
        problem("launch.system-account", `account \`${account.user}\` (uid ${account.uid}) is no run identity: ${reserved}`, {
          hint: policyHint,
        }),
      );
    }
    if (facts.partUids.includes(account.uid))
      return deny(
        "as-whom.own-account",
        problem("launch.own-account", `account \`${account.user}\` (uid ${account.uid}) runs Behalf itself`, { hint: policyHint }),
      );
  }

  if (policy.accounts.length > 0) {
    const rules = policy.accounts.filter((rule) => facts.policyUids.get(rule.user) === account.uid);
    const isTest = facts.isTest === true;
    // Of a test the job is not known: any that the entry itself is allowed for.
    const wanted = isTest ? (entry?.allow.folders ?? []) : [folder];
    const reaches = (allowed: string, one: string): boolean => holdsFolder(allowed, one) || (isTest && holdsFolder(one, allowed));
    const here = rules.filter((rule) =>
      isTest && wanted.length === 0 ? rule.folders.length > 0 : rule.folders.some((allowed) => wanted.some((one) => reaches(allowed, one))),
    );
    const asked = [...new Set(here.flatMap((rule) => rule.roles))];
    if (!(isTest ? asked.length > 0 : asked.some((role) => facts.heldRoles.includes(role)))) {
      const places = wanted.map((one) => `\`${shownText(one)}\``).join(", ");
      const names = (roles: readonly NodeRole[]): string => roles.map((role) => `\`${role}\``).join(" or ");
      const why =
        rules.length === 0
          ? "no rule names the account"
          : here.length === 0
            ? `no rule names the account for ${places === "" ? "any folder" : places}`
            : asked.length === 0
              ? "its rule names no role"
              : `it asks for the role ${names(asked)} itself, and the submitter holds ${facts.heldRoles.length === 0 ? "none" : names(facts.heldRoles)}`;
      const rule = {
        user: account.user,
        folders: wanted.length > 0 ? wanted : ["/FOLDER"],
        roles: facts.heldRoles.length > 0 ? facts.heldRoles.slice(0, 1) : ["operator"],
      };
      known["why"] = rules.length === 0 ? "no-rule" : here.length === 0 ? "other-folder" : asked.length === 0 ? "no-role" : "role";
      known["asked"] = asked.join(" ");
      known["held"] = facts.heldRoles.join(" ");
      return deny(
        "as-whom.policy-account",
        problem("launch.policy-refuses-account", `the node's policy refuses account \`${account.user}\`${isTest ? "" : " here"}: ${why}`, {
          hint: `on the node, add to \`accounts\` with \`behalf node policy set\`: ${JSON.stringify(rule)}`,
        }),
      );
    }
  }

  if (account.state === "locked")
    return deny(
      "as-whom.locked",
      problem("launch.account-locked", `account \`${account.user}\` is locked`, {
        hint: `on the node: usermod --unlock -- ${shellWord(account.user)}`,
      }),
    );
  if (account.state === "expired")
    return deny(
      "as-whom.expired",
      problem("launch.account-expired", `account \`${account.user}\` has expired`, {
        hint: `on the node: chage --expiredate -1 -- ${shellWord(account.user)} (and a new password, where it has aged)`,
      }),
    );
  if (account.nologin && !(entry === null ? isNamed : entry.allowNologin)) {
    known["shell"] = shownText(account.shell);
    const hint =
      entry === null
        ? `on the node, add ${account.uid} to \`namedUids\` with \`behalf node policy set\`, or give the account a login shell`
        : `on the node: ${credentialCommand({ ...entry, allowNologin: true })}`;
    return deny(
      "as-whom.nologin",
      problem(
        "launch.account-nologin",
        `account \`${account.user}\` has the shell \`${shownText(account.shell)}\`, which allows no login`,
        { hint },
      ),
    );
  }
  if (facts.nologinNotice !== null && account.uid !== 0) {
    return deny(
      "as-whom.node-nologin",
      problem("launch.node-nologin", "the node accepts no new sessions: /etc/nologin is there", {
        hint: "wait until the node's administrator removes /etc/nologin, then run the job again",
      }),
    );
  }

  const text =
    entry === null
      ? `the node's policy makes \`${account.user}\` (uid ${account.uid}) the account of \`as: agent\``
      : `the node's credential \`${entry.key}\` names \`${account.user}\` (uid ${account.uid}) and allows it for \`${shownText(folder)}\` and \`${shownText(order.submitter.accessId)}\``;
  const because: Because = { rule: entry === null ? "as-whom.agent" : "as-whom.credential", text, facts: { ...known } satisfies Facts };
  return { verdict: { effect: "permit", obligations: [{ kind: "audit" }], because }, runAs: { account, entry } };
};

/** Says what names an account that the host does not know, and how to correct that. */
const withEntryHint = (found: Problem, user: string, entry: CredentialEntry | null): Problem => {
  if (found.code !== "launch.unknown-account") return found;
  return entry === null
    ? {
        ...found,
        message: `${found.message}, the node's default job account`,
        hint: `create it, or name another one as \`defaultJobAccount\` with \`behalf node policy set\`; \`getent passwd -- ${shellWord(user)}\` must find it`,
      }
    : { ...found, message: `${found.message}, which the credential \`${entry.key}\` names` };
};

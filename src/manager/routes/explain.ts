/** Why somebody may or may not do something: the whole tree, evaluated anew from today's roles, never read from a cache. */
import { z } from "zod";
import { compileAccess } from "#access/compile.ts";
import { decide } from "#access/decide.ts";
import { explainWhole, type Deciding, type ExplainOptions } from "#access/explain.ts";
import { comparablePath, renderFolder } from "#access/folders.ts";
import { permissionNodeOf } from "#access/permissions.ts";
import { nearestPermission } from "#access/permission-spelling.ts";
import type { Question } from "#access/question.ts";
import { changeWords, type Change } from "#access/smallest-change.ts";
import { fail, type Because } from "#kernel/problem.ts";
import { isoOf, line } from "#manager/routes/fields.ts";
import type { RoleOrigin } from "#identity/role-sources.ts";
import { route, type Route } from "#manager/route.ts";
import type { Services } from "#manager/services.ts";
import type { Principal } from "#identity/principal.ts";
import type { ExplainedPrincipal } from "#identity/resolve-principal.ts";
import { authorise } from "#manager/web/guard.ts";

interface BecauseJson {
  rule: string;
  text: string;
  facts?: Record<string, string | number | boolean | null> | undefined;
  children?: BecauseJson[] | undefined;
}

export const becauseSchema: z.ZodType<BecauseJson> = z
  .object({
    rule: z.string(),
    text: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    get children() {
      return z.array(becauseSchema).optional();
    },
  })
  .meta({ id: "Because" });

export const becauseJson = (because: Because): BecauseJson => ({
  rule: because.rule,
  text: because.text,
  ...(because.facts === undefined ? {} : { facts: { ...because.facts } }),
  ...(because.children === undefined ? {} : { children: because.children.map(becauseJson) }),
});

/** By access ID, `os:<uid>` or account name, read anew from the store; null: unknown. */
const findPrincipal = async (identity: Services["identity"], actor: string): Promise<ExplainedPrincipal | null> => {
  if (/^(?:os|user):/.test(actor)) return await identity.freshPrincipalOf(actor);
  const account = await identity.findAccount(actor);
  return account === null ? null : await identity.freshPrincipalOf(account.accessId);
};

const questionSchema = z.strictObject({
  actor: line(300).min(1).optional().describe("account name, access ID or `os:<uid>`; absent: the caller"),
  permission: line(200).min(1),
  on: line(1024).min(1).optional().describe("folder or object path"),
  controller: line(100).min(1).optional(),
});
type Asked = z.output<typeof questionSchema>;

export const questionOf = ({ permission, on, controller }: Omit<Asked, "actor">): Question => ({
  permission,
  ...(on === undefined ? {} : { path: on }),
  ...(controller === undefined ? {} : { controller }),
});

const decidingSchema = z
  .object({
    kind: z.enum(["grant", "denial", "folder"]),
    role: z.string(),
    service: z.string(),
    scope: z.string().describe("`default` for all controllers, or a controller"),
    entry: z.string().describe("`controller:runs`, `-controller:runs:cancel` or `/finance/*`"),
    source: z
      .string()
      .nullable()
      .describe("file and line of the definition, or who edited the role when; null where the reader may not see roles"),
  })
  .meta({ id: "DecidingEntry" });

const explanationSchema = z
  .object({
    question: z.object({ actor: z.string(), permission: z.string(), on: z.string().nullable(), controller: z.string().nullable() }),
    actor: z.object({ accessId: z.string(), name: z.string(), roles: z.array(z.object({ service: z.string(), name: z.string() })) }),
    effect: z.enum(["permit", "deny"]),
    because: becauseSchema,
    hint: z.string().nullable().describe("the smallest change that would flip a refusal"),
    decidedBy: decidingSchema.nullable().describe("the grant or denial that decided; null: none did"),
    folder: decidingSchema.nullable().describe("the folder entry that let it through; null: folders are not limited, or none did"),
    change: z.object({
      text: z.string().describe("the smallest change that would flip the answer"),
      steps: z.array(
        z.object({
          kind: z.enum(["add-permission", "add-denial", "remove-permission", "remove-denial", "add-folder", "assign-role"]),
          text: z.string(),
          role: z.string().nullable(),
          service: z.string().nullable(),
          scope: z.string().nullable(),
          entry: z.string(),
        }),
      ),
      needs: z.string().describe("the permission that an account needs to make it"),
      byActor: z.boolean().describe("whether the account itself holds it"),
      byWhom: z
        .object({ accounts: z.array(z.object({ accessId: z.string(), name: z.string() })), more: z.boolean() })
        .nullable()
        .describe("the first of those who hold it; null where the reader may not see accounts, or no change flips the answer"),
    }),
  })
  .meta({ id: "Explanation" });

const mostQuestions = 100;
const mostNamed = 5;
const explainOthers = "manager:explain:others";
export const seeRoles = "manager:administration:accounts:view";

const stepJson = (change: Change): z.input<typeof explanationSchema>["change"]["steps"][number] => {
  const text = changeWords(change);
  if (change.kind === "assign-role") return { kind: change.kind, text, role: null, service: null, scope: null, entry: change.permission };
  const { kind, role, scope } = change;
  const entry =
    change.kind === "add-folder"
      ? renderFolder(change.path, change.recursive)
      : `${change.kind === "add-denial" || change.kind === "remove-denial" ? "-" : ""}${change.permission}`;
  return { kind, text, role: role.name, service: role.service, scope, entry };
};

const decidingJson = (found: Deciding | null): z.input<typeof decidingSchema> | null =>
  found === null
    ? null
    : {
        kind: found.kind,
        role: found.role.name,
        service: found.role.service,
        scope: found.scope,
        entry: found.entry,
        source: found.source,
      };

/** Where an entry was written; a role that was edited otherwise says by whom and when. */
const sourceFrom =
  (origins: ReadonlyMap<string, RoleOrigin>): NonNullable<ExplainOptions["sourceOf"]> =>
  (role, scope, entry) => {
    const origin = origins.get(role.id);
    if (origin === undefined) return null;
    if (origin.source === null) return `edited by ${origin.editorName ?? origin.editedBy} at ${isoOf(origin.editedAtMs)}`;
    const { file, line: begin, lines } = origin.source;
    const at = lines.get(`${scope} ${entry}`) ?? begin;
    return file === null ? `line ${at} of what was applied at ${isoOf(origin.editedAtMs)}` : `${file}:${at}`;
  };

/** SECURITY: about another account, and only where the caller may know of the folder that is asked about. */
export const authoriseOthers = (caller: Principal, asked: { readonly on?: string | undefined }): void => {
  authorise(caller, explainOthers, {});
  if (asked.on !== undefined && comparablePath(asked.on) !== null) authorise(caller, explainOthers, { path: asked.on });
};

const explainsIn = (caller: Principal, folder: string): boolean =>
  decide({ permission: explainOthers, path: folder === "/" ? folder : `${folder}/` }, caller.access).effect === "permit";

export const checkPermission = (permission: string, at: string): void => {
  if (permissionNodeOf(permission) !== undefined) return;
  const near = nearestPermission(permission);
  fail("input.invalid-value", `there is no permission \`${permission}\``, {
    at: { path: at },
    ...(near === null ? {} : { hint: `did you mean \`${near}\`?` }),
  });
};

/** Answers the questions of one call: whoever is asked about is read once, from the store and not from what is kept. */
class Explainer {
  readonly #identity: Services["identity"];
  readonly #caller: Principal;
  readonly #seesRoles: boolean;
  readonly #principals = new Map<string, Promise<ExplainedPrincipal | null>>();
  readonly #origins = new Map<string, Promise<ReadonlyMap<string, RoleOrigin>>>();
  readonly #holders = new Map<string, ReturnType<Services["identity"]["permissionHolders"]>>();

  constructor(identity: Services["identity"], caller: Principal) {
    this.#identity = identity;
    this.#caller = caller;
    this.#seesRoles = decide({ permission: seeRoles }, caller.access).effect === "permit";
  }

  #once<T>(kept: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
    const known = kept.get(key) ?? ask();
    kept.set(key, known);
    return known;
  }

  async answer(asked: Asked, at: string): Promise<z.input<typeof explanationSchema>> {
    const caller = this.#caller;
    const own = asked.actor === undefined || asked.actor === caller.accessId || asked.actor === caller.name;
    if (!own) authoriseOthers(caller, asked);
    checkPermission(asked.permission, `${at}permission`);
    const named = own ? caller.accessId : (asked.actor ?? "");
    const principal =
      (await this.#once(this.#principals, named, () => findPrincipal(this.#identity, named))) ??
      fail("identity.account-not-found", `there is no account \`${asked.actor ?? named}\``, { at: { path: `${at}actor` } });
    const { accessId, name, roles } = principal;
    const actor = { accessId, name, roles };
    const question = questionOf(asked);
    const verdict = decide(question, compileAccess(actor));
    const origins = this.#seesRoles
      ? await this.#once(this.#origins, accessId, () => this.#identity.roleOrigins(roles.map(({ id }) => id)))
      : null;
    const whole = explainWhole(question, actor, {
      ...(origins === null ? {} : { sourceOf: sourceFrom(origins) }),
      ...(own ? {} : { knowsFolder: (path) => explainsIn(caller, path) }),
    });
    const { change } = whole;
    const may = { ...verdict.because, children: whole.because.children ?? [] };
    const enable = `enable it with \`behalf account enable ${name}\``;
    return {
      question: { actor: name, permission: asked.permission, on: asked.on ?? null, controller: asked.controller ?? null },
      actor: { accessId, name, roles: roles.map((role) => ({ service: role.service, name: role.name })) },
      effect: principal.disabled ? "deny" : verdict.effect,
      because: becauseJson(
        principal.disabled
          ? { rule: "who.disabled", text: `\`${name}\` is disabled and can do nothing`, facts: { name }, children: [may] }
          : may,
      ),
      hint: principal.disabled ? enable : verdict.effect === "permit" ? null : verdict.problem.hint,
      decidedBy: decidingJson(whole.decidedBy),
      folder: decidingJson(whole.folder),
      change: {
        text: principal.disabled ? enable : change.text,
        steps: principal.disabled ? [] : change.changes.map(stepJson),
        needs: change.needs,
        byActor: change.byActor,
        byWhom: !this.#seesRoles || change.changes.length === 0 ? null : await this.#byWhom(change.needs),
      },
    };
  }

  async #byWhom(permission: string): Promise<{ accounts: { accessId: string; name: string }[]; more: boolean }> {
    const { accounts, more } = await this.#once(this.#holders, permission, () => this.#identity.permissionHolders(permission, mostNamed));
    return { accounts: accounts.map((account) => ({ ...account })), more };
  }
}

export const explainRoutes = ({ identity }: Services): Route[] => [
  route({
    method: "POST",
    url: "/api/v1/explain",
    summary: "Explain a permission question, or several at once",
    question: {
      self: "explains the caller's own access; about others it asks `manager:explain:others`, in the folder that is asked about",
    },
    body: z
      .strictObject({
        ...questionSchema.shape,
        permission: questionSchema.shape.permission.optional(),
        questions: z.array(questionSchema).min(1).max(mostQuestions).optional().describe("several questions instead of one"),
      })
      .refine((given) => (given.questions === undefined) !== (given.permission === undefined), { path: ["permission"] })
      .refine((given) => given.questions === undefined || [given.actor, given.on, given.controller].every((one) => one === undefined), {
        path: ["questions"],
      })
      .describe("one question, or `questions`; not both"),
    answer: z.union([z.object({ items: z.array(explanationSchema).describe("in the order of `questions`") }), explanationSchema]),
    handle: async ({ caller, body: { questions, permission, ...rest } }) => {
      const explainer = new Explainer(identity, caller.principal);
      if (questions === undefined) return await explainer.answer({ ...rest, permission: permission ?? "" }, "");
      const items: z.input<typeof explanationSchema>[] = [];
      for (const [index, asked] of questions.entries()) items.push(await explainer.answer(asked, `questions.${index}.`));
      return { items };
    },
  }),
];

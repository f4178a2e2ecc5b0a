/**
 * Worlds: small policies in YAML with literal questions and the expected answers, asked through every surface. A file is one world:
 *
 *     world: one sentence
 *     rules: [D77]                              # what it shows
 *     roles:
 *       keeper: [controller, -controller:restart]   # permissions for all controllers
 *       clerk:
 *         name: clerk                            # default: the key
 *         service: LOCAL                         # default: LOCAL
 *         permissions: [controller:runs]
 *         folders: [/finance/*]                  # `/finance/*` recursive, `/finance` not
 *         controllers: { main: { permissions: [], folders: [] } }
 *     actors: { anna: [keeper, clerk] }
 *     questions:
 *       - { who: anna, may: controller:runs:view, on: /finance/close, controller: main, expect: permit, rule: may.granted, role: clerk }
 *     logins:
 *       - { who: anna, expect: deny, problem: access.no-permission }
 *     shows:
 *       - { who: anna, folder: /finance, expect: content }    # content, name, nothing
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { normaliseFolder } from "#access/folders.ts";
import type { Actor, FolderGrant, Grant, Question, Role, RoleScope } from "#access/question.ts";

const part = z.strictObject({ permissions: z.array(z.string()).default([]), folders: z.array(z.string()).default([]) });
const role = z.union([
  z.array(z.string()).transform((permissions) => ({ name: undefined, service: "LOCAL", permissions, folders: [], controllers: {} })),
  part.extend({ name: z.string().optional(), service: z.string().default("LOCAL"), controllers: z.record(z.string(), part).default({}) }),
]);

const schema = z.strictObject({
  world: z.string(),
  rules: z.array(z.string().regex(/^(?:D20|[BDE]\d+|B-I)$/)).min(1),
  roles: z.record(z.string(), role).default({}),
  actors: z.record(z.string(), z.array(z.string())),
  questions: z
    .array(
      z.strictObject({
        who: z.string(),
        may: z.string(),
        on: z.string().optional(),
        controller: z.string().optional(),
        expect: z.enum(["permit", "deny"]),
        rule: z.string(),
        /** Code of the refusal. */
        problem: z.string().optional(),
        /** What the deciding rule names. */
        role: z.string().optional(),
        scope: z.string().optional(),
        permission: z.string().optional(),
        folder: z.string().optional(),
        /** Part of the refusal's message. */
        says: z.string().optional(),
      }),
    )
    .default([]),
  logins: z
    .array(
      z.strictObject({ who: z.string(), expect: z.enum(["permit", "deny"]), problem: z.string().optional(), says: z.string().optional() }),
    )
    .default([]),
  shows: z
    .array(
      z.strictObject({
        who: z.string(),
        folder: z.string(),
        controller: z.string().optional(),
        expect: z.enum(["content", "name", "nothing"]),
      }),
    )
    .default([]),
});

export interface WorldQuestion {
  readonly actor: Actor;
  readonly question: Question;
  readonly expect: z.infer<typeof schema>["questions"][number];
}

export interface World {
  readonly file: string;
  readonly title: string;
  readonly rules: readonly string[];
  readonly roles: readonly Role[];
  readonly actors: readonly Actor[];
  readonly questions: readonly WorldQuestion[];
  readonly logins: readonly { readonly actor: Actor; readonly expect: z.infer<typeof schema>["logins"][number] }[];
  readonly shows: readonly { readonly actor: Actor; readonly expect: z.infer<typeof schema>["shows"][number] }[];
}

const grantOf = (text: string): Grant =>
  text.startsWith("-") ? { permission: text.slice(1), denied: true } : { permission: text, denied: false };

const folderOf = (file: string, text: string): FolderGrant => {
  const read = normaliseFolder(text);
  if (!read.ok) throw new Error(`${file}: ${read.problem.message}`);
  return read.value;
};

const readWorld = (file: string, text: string): World => {
  const world = schema.parse(parse(text), { error: () => `${file} is not a world` });
  const scopeOf = (controller: string, given: z.infer<typeof part>): RoleScope => ({
    controller,
    permissions: given.permissions.map(grantOf),
    folders: given.folders.map((entry) => folderOf(file, entry)),
  });
  const roles = new Map<string, Role>();
  for (const [key, given] of Object.entries(world.roles)) {
    const scopes = [scopeOf("default", given), ...Object.entries(given.controllers).map(([controller, own]) => scopeOf(controller, own))];
    roles.set(key, { id: `rol_${key}`, service: given.service, name: given.name ?? key, scopes });
  }
  const actors = new Map<string, Actor>();
  for (const [name, keys] of Object.entries(world.actors)) {
    const held = keys.map((key) => {
      const found = roles.get(key);
      if (found === undefined) throw new Error(`${file}: no role ${key}`);
      return found;
    });
    actors.set(name, { accessId: `user:test/${name}`, name, roles: held });
  }
  const actorOf = (name: string): Actor => {
    const found = actors.get(name);
    if (found === undefined) throw new Error(`${file}: no actor ${name}`);
    return found;
  };
  return {
    file,
    title: world.world,
    rules: world.rules,
    roles: [...roles.values()],
    actors: [...actors.values()],
    questions: world.questions.map((expect) => ({
      actor: actorOf(expect.who),
      question: {
        permission: expect.may,
        ...(expect.on === undefined ? {} : { path: expect.on }),
        ...(expect.controller === undefined ? {} : { controller: expect.controller }),
      },
      expect,
    })),
    logins: world.logins.map((expect) => ({ actor: actorOf(expect.who), expect })),
    shows: world.shows.map((expect) => ({ actor: actorOf(expect.who), expect })),
  };
};

/** Every world beside this file, by file name. */
export const loadWorlds = (): World[] =>
  readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".yaml"))
    .toSorted()
    .map((name) => readWorld(name, readFileSync(join(import.meta.dirname, name), "utf8")));

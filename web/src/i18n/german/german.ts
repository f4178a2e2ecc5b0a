/** The engine's words in German, in one chunk that is loaded only where German is read. */
import { problemCodes, type ProblemCode } from "#kernel/problem-codes.ts";
import type { EngineWords } from "#web/i18n/told.ts";
import { changeText } from "#web/i18n/german/changes.ts";
import { meanings } from "#web/i18n/german/permissions.ts";
import { problems } from "#web/i18n/german/problems.ts";
import { reasonText } from "#web/i18n/german/reasons.ts";
import { runSentence } from "#web/i18n/german/run-sentence.ts";
import { translated } from "#web/i18n/german/translated.ts";

const problemOf = (code: string): { readonly title: string; readonly hint: string } | undefined =>
  Object.hasOwn(problems, code) ? problems[code as keyof typeof problems] : undefined;

const generalHint = (code: string): string | undefined =>
  Object.hasOwn(problemCodes, code) ? problemCodes[code as ProblemCode].hint : undefined;

export const german: EngineWords = {
  reason: (reason, steps = null) => reasonText(reason, steps),
  change: (steps) => (steps.length === 0 ? null : changeText(steps)),
  sentence: translated,
  title: (code) => problemOf(code)?.title ?? null,
  hint: (code, given) => (given === "" || given === generalHint(code) ? (problemOf(code)?.hint ?? null) : translated(given)),
  meaning: (permission) => (Object.hasOwn(meanings, permission) ? (meanings[permission] ?? null) : null),
  runSentence,
};

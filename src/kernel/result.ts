/**
 * What a rule returns instead of throwing. `rules/` and the engine never throw: a refusal is a value that carries its
 * problem. What belongs here: the type and its two constructors. What does not: anything that knows a domain.
 */
import type { Problem } from "#kernel/problem.ts";

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (problem: Problem): { readonly ok: false; readonly problem: Problem } => ({ ok: false, problem });

/** The syntax tree of a source file, as far as tests walk it. */
import { parseSync } from "vite";

export interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";

export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) yield* walk(child);
}

export const parse = (file: string, source: string): SyntaxNode => parseSync(file, source).program as unknown as SyntaxNode;

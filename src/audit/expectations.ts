/**
 * What is known about a chain from outside the table: at this sequence the hash was this. Collected from a trusted head, signed checkpoints, the joins of
 * later chains and the receipts of nodes; held against the records while they stream by.
 */
import type { AuditFinding } from "#audit/findings.ts";
import type { ChainPosition } from "#audit/record.ts";

interface Expected {
  readonly hash: string;
  /** Who says so, in words: `a checkpoint`, `the trusted head`, `the receipt of run …`. */
  readonly source: string;
}

export class Expectations {
  readonly #byWriter = new Map<string, Map<number, Expected>>();
  readonly #report: (finding: AuditFinding) => void;

  constructor(report: (finding: AuditFinding) => void) {
    this.#report = report;
  }

  /** Notes a statement; two that disagree about one place are a fork. */
  expect({ writer, sequence, hash }: ChainPosition, source: string): void {
    let places = this.#byWriter.get(writer);
    if (places === undefined) this.#byWriter.set(writer, (places = new Map<number, Expected>()));
    const known = places.get(sequence);
    if (known === undefined) places.set(sequence, { hash, source });
    else if (known.hash !== hash)
      this.#report({
        kind: "fork",
        writer,
        sequence,
        text: `${known.source} and ${source} disagree about record ${sequence}: the chain was written twice`,
      });
  }

  /** Takes the statement about a place out; undefined when there is none. */
  take(writer: string, sequence: number): Expected | undefined {
    const places = this.#byWriter.get(writer);
    const found = places?.get(sequence);
    if (found !== undefined) places?.delete(sequence);
    return found;
  }

  /** What is said about places that were never met, highest first. */
  left(writer: string): readonly (Expected & { readonly sequence: number })[] {
    return [...(this.#byWriter.get(writer) ?? [])]
      .map(([sequence, expected]) => ({ sequence, ...expected }))
      .toSorted((a, b) => b.sequence - a.sequence);
  }

  writers(): readonly string[] {
    return [...this.#byWriter.keys()];
  }
}

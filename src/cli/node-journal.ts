/** The text form of a node's journal (`behalf node journal`): a head with the node's own public key, then one signed receipt a line. */
import { fail } from "#kernel/problem.ts";

export interface JournalHead {
  readonly node: { readonly id: string; readonly name: string };
  /** Base64url, raw Ed25519: the key that the receipts must verify with, whatever the manager's database says (K1). */
  readonly publicKey: string;
}

export interface NodeJournal extends JournalHead {
  readonly receipts: readonly string[];
}

const mark = "# behalf node journal ";

export const renderJournalHead = (head: JournalHead): string => `${mark}${JSON.stringify(head)}`;

/** Reads the text form again; fails with `cli.unreadable-file`. */
export const parseJournal = (path: string, text: string): NodeJournal => {
  const [first = "", ...lines] = text.split("\n");
  try {
    if (!first.startsWith(mark)) throw new Error("no head");
    const { node, publicKey } = JSON.parse(first.slice(mark.length)) as JournalHead;
    return { node: { id: node.id, name: node.name }, publicKey, receipts: lines.filter((line) => line !== "") };
  } catch (error) {
    return fail("cli.unreadable-file", `\`${path}\` is not a node's journal`, {
      hint: "make it on the node: behalf node journal > FILE",
      cause: error,
    });
  }
};

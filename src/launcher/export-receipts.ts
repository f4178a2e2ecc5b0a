/** The node's receipts as witness of the audit chain (K1), in pages that fit a frame. */
import type { ReceiptFile } from "#launcher/receipt-file.ts";
import { sequenceOfReceipt } from "#launcher/receipt-file.ts";

const pageCharacters = 2 * 1024 * 1024;

/** Receipts after a sequence, oldest first. `nextAfter` is null on the last page. */
export const exportReceipts = async (
  receipts: ReceiptFile,
  afterSequence: number,
): Promise<{ readonly receipts: readonly string[]; readonly nextAfter: number | null }> => {
  const page: string[] = [];
  let characters = 0;
  let last = afterSequence;
  for await (const line of receipts.lines()) {
    const receipt = line.split(" ")[2];
    if (receipt === undefined) continue;
    const sequence = sequenceOfReceipt(receipt);
    if (sequence <= afterSequence) continue;
    if (page.length > 0 && characters + receipt.length > pageCharacters) return { receipts: page, nextAfter: last };
    page.push(receipt);
    characters += receipt.length;
    last = sequence;
  }
  return { receipts: page, nextAfter: null };
};

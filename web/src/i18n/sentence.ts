/**
 * A sentence of the engine without its values: what stands in backticks, lists of that, and numbers. So a catalogue can have the sentence beside its
 * translation, whatever it is about. What does not belong here: the sentences (`german/`).
 */
export interface Skeleton {
  /** `there is no role {} in service {}`. */
  readonly key: string;
  /** As they stood, with their backticks. */
  readonly values: readonly string[];
}

const value = /`[^`]*`(?:(?:, | and | or )`[^`]*`)*(?:, …)?|(?<![\w.#-])\d+(?![\w.-])/g;

export const skeletonOf = (text: string): Skeleton => {
  const values: string[] = [];
  const key = text.replaceAll(value, (found) => {
    values.push(found);
    return "{}";
  });
  return { key, values };
};

/** Puts the values where a translation names them: `{1}` is the first. */
export const fill = (words: string, values: readonly string[]): string =>
  words.replaceAll(/\{(\d)\}/g, (whole, number: string) => values[Number(number) - 1] ?? whole);

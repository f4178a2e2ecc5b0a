/**
 * Texts of the cockpit: each key with its English and its German wording side by side, so that neither can be missing. What belongs
 * here: rendering one. What does not: the texts (`i18n/texts/`, one file per page), the choice of language (`language.ts`).
 */
export type Language = "en" | "de";

export interface Plural {
  readonly one: string;
  readonly other: string;
}

/** `{name}` stands for a value. A plural is chosen by the value `count`. */
export interface Text {
  readonly en: string | Plural;
  readonly de: string | Plural;
}

type NamesIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type English<T extends Text> = T["en"] extends string ? T["en"] : T["en"] extends Plural ? T["en"]["other"] : never;
/** The values that a text needs. */
export type ValuesOf<T extends Text> = Readonly<Record<NamesIn<English<T>>, string | number>>;

export type Translate = <const T extends Text>(text: T, ...values: [NamesIn<English<T>>] extends [never] ? [] : [ValuesOf<T>]) => string;

/** Keeps the literal types, from which the values are read. */
export const defineTexts = <const T extends Readonly<Record<string, Text>>>(texts: T): T => texts;

const rules: Readonly<Record<Language, Intl.PluralRules>> = { en: new Intl.PluralRules("en"), de: new Intl.PluralRules("de") };
const numbers: Readonly<Record<Language, Intl.NumberFormat>> = { en: new Intl.NumberFormat("en"), de: new Intl.NumberFormat("de") };

export const renderNumber = (language: Language, value: number): string => numbers[language].format(value);

export const renderText = (language: Language, text: Text, values: Readonly<Record<string, string | number>> = {}): string => {
  const words = text[language];
  const chosen =
    typeof words === "string" ? words : rules[language].select(Number(values["count"] ?? 0)) === "one" ? words.one : words.other;
  return chosen.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? renderNumber(language, value) : value;
  });
};

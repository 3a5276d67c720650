/** Chooses the page's language, and gives its sentences with their placeholders filled. */

import { codesDe } from "./codes_de.ts";
import { codesEn, type CodeText } from "./codes_en.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

type Catalogue = typeof en;
export type TextKey = keyof Catalogue;
export type Language = "en" | "de";

/** The names of a sentence's placeholders: "by" and "who" of "{by} added {who}". */
type Places<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Values<Key extends TextKey> = [Places<Catalogue[Key]>] extends [never] ? []
  : [values: Record<Places<Catalogue[Key]>, string | number>];
type PluralStem = { [Key in TextKey]: Key extends `${infer Stem}_one` ? Stem : never }[TextKey];

const catalogues: Record<Language, Record<TextKey, string>> = { en, de };
const codes: Record<Language, Record<string, CodeText>> = { en: codesEn, de: codesDe };

/**
 * @param wished from the address (`?lang=de`); an unknown language counts as absent
 * @param preferred navigator.languages
 * @returns the wished language, else the first preferred language that the page has, else English
 */
export function chooseLanguage(wished: string | null, preferred: readonly string[]): Language {
  const known = [wished ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0]);
  return known.find((tag): tag is Language => Object.hasOwn(catalogues, tag)) ?? "en";
}

export let language: Language = "en";

/** Sets the language of all later sentences. Sentences that are on the page already stay. */
export function setLanguage(chosen: Language): void {
  language = chosen;
}

/** @returns a sentence with its placeholders filled; a placeholder without a value stays visible */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}

/** @returns the sentence of a key */
export function text<Key extends TextKey>(key: Key, ...[values]: Values<Key>): string {
  return fill(catalogues[language][key], values ?? {});
}

/** @returns the sentence of a key for a number, e.g. "1 member", "2 members" */
export function plural(stem: PluralStem, count: number): string {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return fill(catalogues[language][`${stem}_${form}`], { count });
}

/** @returns the sentence of a key that may not exist, with values of any names (for notices of the engine) */
export function textOf(key: string, values: Record<string, string>): string | undefined {
  const sentence = Object.hasOwn(en, key) ? catalogues[language][key as TextKey] : undefined;
  return sentence && fill(sentence, values);
}

/** @returns the sentences of a code; an unknown code of a newer server gets the general sentences */
export function codeText(code: string): CodeText {
  const table = codes[language];
  return table[code] ?? table.L050;
}

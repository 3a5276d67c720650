/** Chooses the page's language, and gives its sentences with their placeholders filled. */

import { codesEn, type CodeText } from "./codes_en.ts";
import { en } from "./en.ts";

type Catalogue = typeof en;
export type TextKey = keyof Catalogue;
export type Language = "en" | "de";
const languages: ReadonlySet<string> = new Set<Language>(["en", "de"]);

/** The names of a sentence's placeholders: "by" and "who" of "{by} added {who}". */
type Places<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Values<Key extends TextKey> = [Places<Catalogue[Key]>] extends [never] ? []
  : [values: Record<Places<Catalogue[Key]>, string | number>];
type PluralStem = { [Key in TextKey]: Key extends `${infer Stem}_one` ? Stem : never }[TextKey];

/** English is always here; another language comes when it is chosen. */
let catalogue: Record<TextKey, string> = en;
let codes: Record<string, CodeText> = codesEn;

/**
 * @param wished from the address (`?lang=de`); an unknown language counts as absent
 * @param preferred navigator.languages
 * @returns the wished language, else the first preferred language that the page has, else English
 */
export function chooseLanguage(wished: string | null, preferred: readonly string[]): Language {
  const known = [wished ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0]);
  return known.find((tag): tag is Language => languages.has(tag)) ?? "en";
}

export let language: Language = "en";

/**
 * Loads a language and sets it for all later sentences. Sentences that are on the page already stay. Where it can not
 * be loaded, English stays.
 */
export async function setLanguage(chosen: Language): Promise<void> {
  if (chosen === "de") {
    const loaded = await Promise.all([import("./de.ts"), import("./codes_de.ts")]).catch(() => undefined);
    if (!loaded) return;
    [catalogue, codes] = [loaded[0].de, loaded[1].codesDe];
  } else [catalogue, codes] = [en, codesEn];
  language = chosen;
}

/** @returns a sentence with its placeholders filled; a placeholder without a value stays visible */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? String(values[name]) : place));
}

/** @returns the sentence of a key */
export function text<Key extends TextKey>(key: Key, ...[values]: Values<Key>): string {
  return fill(catalogue[key], values ?? {});
}

/** Kept, as each row of a list asks for them. */
const rules = new Map<string, Intl.PluralRules>();

/** @returns the sentence of a key for a number, e.g. "1 member", "2 members" */
export function plural(stem: PluralStem, count: number): string {
  const known = rules.get(language) ?? new Intl.PluralRules(language);
  rules.set(language, known);
  const form = known.select(count) === "one" ? "one" : "other";
  return fill(catalogue[`${stem}_${form}`], { count });
}

/** @returns the sentence of a key that may not exist, with values of any names (for notices of the engine) */
export function textOf(key: string, values: Record<string, string>): string | undefined {
  const sentence = Object.hasOwn(en, key) ? catalogue[key as TextKey] : undefined;
  return sentence && fill(sentence, values);
}

/** @returns the sentences of a code; an unknown code of a newer server gets the general sentences */
export function codeText(code: string): CodeText {
  return codes[code] ?? codes.L050;
}

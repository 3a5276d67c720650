/** The emoji of one language, in groups, and how they are found by a name. Pure. */

/** One of emojibase's compact data, as far as it is used. */
export interface SourceEmoji {
  unicode: string;
  label: string;
  /** Absent for what is no emoji of its own, as a regional indicator. */
  group?: number;
  /** Its place in the order of Unicode. */
  order?: number;
  tags?: string[];
  skins?: { unicode: string }[];
}

export interface Emoji {
  sign: string;
  /** Its name in the language of the interface. */
  label: string;
  group: EmojiGroup;
  /** The sign in five tones of skin, lightest first; empty where it has none. */
  tones: string[];
  /** What it is found by: its name and tags, folded. */
  words: string;
}

/** In the order in which they are offered. */
export const emojiGroups = [
  "smileys",
  "people",
  "animals",
  "food",
  "travel",
  "activities",
  "objects",
  "symbols",
  "flags",
] as const;
export type EmojiGroup = typeof emojiGroups[number];

/** Unicode's numbers of the groups; 2 holds parts of emoji. */
const groupOf: Record<number, EmojiGroup> = {
  0: "smileys",
  1: "people",
  3: "animals",
  4: "food",
  5: "travel",
  6: "activities",
  7: "objects",
  8: "symbols",
  9: "flags",
};

const tonesOfOnePerson = 5;

/** @param english the same emoji in English: their names find them in every language */
export function emojiList(source: readonly SourceEmoji[], english: readonly SourceEmoji[] = []): Emoji[] {
  const inEnglish = new Map(english.map((emoji) => [emoji.unicode, emoji]));
  return source.filter(({ group }) => group !== undefined && Object.hasOwn(groupOf, group))
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((emoji) => ({
      sign: plainSign(emoji.unicode),
      label: emoji.label,
      group: groupOf[emoji.group!],
      tones: emoji.skins?.slice(0, tonesOfOnePerson).map(({ unicode }) => plainSign(unicode)) ?? [],
      words: ` ${wordsOf(emoji)} ${wordsOf(inEnglish.get(emoji.unicode))}`,
    }));
}

/** @returns those with a word that begins like each word of the query, those named so first */
export function findEmoji(list: readonly Emoji[], query: string, most: number): Emoji[] {
  const words = folded(query).split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [];
  const found = list.filter((emoji) => words.every((word) => emoji.words.includes(` ${word}`)));
  const isNamed = ({ label }: Emoji) => folded(label).startsWith(words[0]);
  return [...found.filter(isNamed), ...found.filter((emoji) => !isNamed(emoji))].slice(0, most);
}

/** @param tone 1 to 5, lightest first; 0 for none */
export function withTone({ sign, tones }: Emoji, tone: number): string {
  return tones[tone - 1] ?? sign;
}

/** emojibase asks for colours where Unicode has them anyway; other apps do not, and equal signs should be equal. */
function plainSign(unicode: string): string {
  return unicode.replaceAll(/(\p{Emoji_Presentation})\ufe0f/gu, "$1");
}

function wordsOf(emoji: SourceEmoji | undefined): string {
  return emoji ? folded([emoji.label, ...emoji.tags ?? []].join(" ")) : "";
}

/** Without case, accents and punctuation: "Grüße" is found by "gru". */
function folded(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim();
}

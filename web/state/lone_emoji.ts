/** Whether a message is a few emoji and nothing else, which are shown large. Pure. */

/** More of them are a text. */
const mostLarge = 3;
/** The longest emoji (a family with skin tones) has 25 UTF-16 units; white space may stand between. */
const longestText = 100;

/** An emoji by itself, or one that is made of others (UTS #51); not a digit, and not "©" as a letter. */
const emoji =
  /^(?:\p{RI}\p{RI}|[0-9#*]\ufe0f\u20e3|(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Emoji_Modifier_Base}))/u;

/** Kept, because making one takes longer than all the rest. */
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @returns the number of emoji, 1 to 3; 0 for any other text */
export function loneEmoji(text: string): number {
  const trimmed = text.trim();
  if (!emoji.test(trimmed) || trimmed.length > longestText) return 0;
  const characters = [...graphemes.segment(trimmed)].map(({ segment }) => segment)
    .filter((segment) => !/^\s+$/.test(segment));
  return characters.length <= mostLarge && characters.every((segment) => emoji.test(segment)) ? characters.length : 0;
}

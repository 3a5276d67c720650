/**
 * Cuts a text into the words that search knows, folded so that "Straße", "STRASSE" and "strasse" are one word.
 *
 * Scripts that put no spaces between words (Chinese, Japanese, Thai, …) and Korean, whose words carry endings, give one
 * token for each character; a run of them is searched as a phrase. The index gets these tokens with spaces between
 * them, so nothing depends on what its own tokenizer knows of Unicode.
 */

/** A folded word, and where it stands in the text, in UTF-16 units. */
export interface Token {
  text: string;
  start: number;
  end: number;
}

/** The longest word that is told apart from others, in UTF-16 units: of longer ones, the beginning counts. */
export const maxTokenLength = 64;

const unspaced = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}` +
  String.raw`\u30fc\uff70`;
/** U+FF9E and U+FF9F are the voicing marks of half-width kana: letters that belong to the one before. */
const character = String.raw`(?=[\p{L}\p{N}\p{M}])[${unspaced}][\p{M}\uff9e\uff9f]*`;
const word = String.raw`(?:(?![${unspaced}])[\p{L}\p{N}\p{M}])+`;
const pattern = new RegExp(String.raw`${character}|${word}|\p{Extended_Pictographic}`, "gu");
const single = new RegExp(String.raw`^[${unspaced}]`, "u");
/** Accents, Hebrew points, Arabic vowel signs, and selectors of how a character looks. Not the vowels of Hindi. */
const ornaments = new RegExp(
  "[\\u0300-\\u036f\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u064b-\\u065f\\u0670\\u1ab0-\\u1aff" +
    "\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe00-\\ufe0f\\ufe20-\\ufe2f]",
  "g",
);
const ascii = /^[\0-\x7f]*$/;

/** @returns the word without case, accents and compatibility forms */
export function fold(word: string): string {
  if (ascii.test(word)) return word.toLowerCase();
  // Upper case comes first: it makes "SS" of "ß" and one letter of both small sigmas.
  const folded = word.normalize("NFKD").replace(ornaments, "").toUpperCase().toLowerCase().replaceAll("ς", "σ");
  return folded.normalize("NFC");
}

/** @returns whether the token is one character of a script without spaces */
export function isSingle(token: string): boolean {
  return single.test(token);
}

/** @returns the words of a text, in their order; those of one compatibility character share its place */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: word, index } of text.matchAll(pattern)) {
    const folded = fold(word);
    const parts = ascii.test(folded) && ascii.test(word) ? [folded] : folded.match(pattern) ?? [];
    for (const part of parts) {
      tokens.push({ text: cut(part), start: index, end: index + word.length });
    }
  }
  return tokens;
}

/** @returns what the index stores of a text */
export function indexed(text: string): string {
  return tokensOf(text).map((token) => token.text).join(" ");
}

function cut(token: string): string {
  return token.length <= maxTokenLength ? token : token.slice(0, maxTokenLength).replace(/[\ud800-\udbff]$/, "");
}

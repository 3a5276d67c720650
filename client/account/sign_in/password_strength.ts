/**
 * How hard a password is to guess, and passphrases that nobody guesses. The word lists weigh some hundred kB:
 * `import()` this file only where a password is made (docs/decisions/033-password-strength.md).
 */

import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary as commonWords } from "@zxcvbn-ts/language-common";
import { dictionary as englishWords } from "@zxcvbn-ts/language-en";
import type { PasswordFault, PasswordJudgement } from "../../api/password_judgement.ts";

/** In characters (specification §1.7). */
export const minPasswordLength = 12;
/** Of 4 (specification §1.7): more than 10^8 guesses, by zxcvbn's estimate. */
const minScore = 3;
/** The estimate reads no more. Its time grows with the length; what follows can only make the password stronger. */
const judgedCharacters = 128;

/** Words that come to mind first when a password for this app is made. */
const ownWords = ["quicproquo", "quic pro quo", "quidproquo", "qpq"];

/** The EFF's long list (7,776 words, made for passphrases), as the library has it. */
const passphraseWords = commonWords["diceware-common"];
/** 6 × log2(7776) = 77 bits. */
const passphraseLength = 6;

let estimator: ZxcvbnFactory | undefined;

/** zxcvbn's warnings, as the faults that have words here; every other is "guessable". */
const faultOf: Readonly<Record<string, PasswordFault>> = {
  straightRow: "keyboard",
  keyPattern: "keyboard",
  simpleRepeat: "repeat",
  extendedRepeat: "repeat",
  sequences: "sequence",
  recentYears: "date",
  dates: "date",
  topTen: "common",
  topHundred: "common",
  common: "common",
  similarToCommon: "common",
  userInputs: "username",
};

/**
 * Judges a password that is being made.
 *
 * @param password its NFKC form
 * @param username whom it is for: it, and its parts, count as known to whoever guesses. May be empty
 */
export function judgedPassword(password: string, username: string): PasswordJudgement {
  const name = username.toLowerCase();
  estimator ??= new ZxcvbnFactory({
    dictionary: { ...commonWords, ...englishWords },
    graphs: adjacencyGraphs,
    maxLength: judgedCharacters,
  });
  const parts = name.split(/[._-]/).filter((part) => part.length > 2);
  const known = [...new Set([name, ...parts, ...ownWords])].filter(Boolean);
  const { score, feedback } = estimator.check(password.toWellFormed(), known);
  const characters = [...password];
  const refused = (fault: PasswordFault): PasswordJudgement => ({
    score: Math.min(score, minScore - 1) as PasswordJudgement["score"],
    fault,
  });
  if (characters.length < minPasswordLength) return refused("short");
  if (name && password.toLowerCase().includes(name)) return refused("username");
  if (new Set(characters).size < 4) return refused("repeat");
  return score < minScore ? refused(faultOf[feedback.warning ?? ""] ?? "guessable") : { score };
}

/**
 * @param username of whom it is for: words that contain it are left out
 * @param random fills an array with random numbers: `crypto.getRandomValues`
 * @returns six words of the list, each as likely as any other
 */
export function newPassphrase(
  username: string,
  random: (numbers: Uint16Array<ArrayBuffer>) => void = (numbers) => crypto.getRandomValues(numbers),
): string {
  const choice = passphraseWords.filter((word) => username === "" || !word.includes(username.toLowerCase()));
  const count = choice.length;
  // The remainder of a number above the last whole multiple would favour the first words.
  const limit = 0x10000 - 0x10000 % count;
  const words: string[] = [];
  const numbers = new Uint16Array(16);
  while (words.length < passphraseLength) {
    random(numbers);
    for (const number of numbers) {
      if (number < limit && words.length < passphraseLength) words.push(choice[number % count]);
    }
  }
  numbers.fill(0);
  return words.join(" ");
}

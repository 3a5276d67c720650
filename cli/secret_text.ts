/**
 * The text of a password or passphrase, of bytes that may not be UTF-8. A new one has to be UTF-8. One that exists
 * also opens by the form in which older versions read the same bytes, so that nobody is locked out.
 */

import { LocalCode } from "../client/api/errors.ts";
import { Failure } from "./failure.ts";
import { warn } from "./output.ts";
import { exitCodes } from "./usage.ts";

/** A secret as it was read. */
export interface Secret {
  /** Where it is from, for messages: `--password-file pw.txt`. */
  from: string;
  /** Without a byte order mark; absent where the bytes are not UTF-8. */
  text?: string;
  /** As older versions read it: with its byte order mark, and U+FFFD for what is not UTF-8. Absent where equal. */
  older?: string;
}

/** @param bytes of one line, without its end */
export function secretOf(bytes: Uint8Array, from: string): Secret {
  const older = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { from, text, ...(text !== older && { older }) };
  } catch {
    return { from, older };
  }
}

/** @returns the text of a secret that is being made @throws Failure L031 where it is not UTF-8 */
export function textOfNew({ from, text }: Secret): string {
  if (text !== undefined) return text;
  throw new Failure(
    exitCodes.failed,
    `${from} is not UTF-8: on another system the same keys would give another secret`,
    "save the file as UTF-8",
    LocalCode.notUtf8,
  );
}

/**
 * Tries the forms of a secret that exists, the right one first, and warns when an older one was it.
 *
 * @param forms of the secret, see {@link formsOf}
 * @param isWrong whether an error says that the secret was wrong
 * @returns what `attempt` returns @throws what it throws for the first form
 */
export async function withEitherForm<T>(
  secret: Secret,
  forms: string[],
  isWrong: (error: unknown) => boolean,
  attempt: (text: string) => T | Promise<T>,
): Promise<T> {
  let first: unknown;
  for (const [index, form] of forms.entries()) {
    try {
      const result = await attempt(form);
      if (index > 0 || secret.text === undefined) {
        warn(
          `${secret.from} was taken as older versions of qpq read it (${faultOf(secret)}): keep it as it is, ` +
            "or choose a new one",
        );
      }
      return result;
    } catch (error) {
      first ??= error;
      if (!isWrong(error)) throw error;
    }
  }
  throw first;
}

/** @returns the forms of a secret to try, without repetitions: `normal` of the right one first, then the older ones */
export function formsOf({ text, older }: Secret, normal: (text: string) => string = (text) => text): string[] {
  return [...new Set([text && normal(text), text, older].filter((form) => form !== undefined))];
}

function faultOf({ text, older }: Secret): string {
  if (text === undefined) return "it is not UTF-8";
  return older === undefined ? "not in the normal form NFKC" : "with its byte order mark";
}

/**
 * Reads passwords and passphrases from a file, the environment or the terminal. Never from the command line, which
 * other users can read.
 */

import { type Env, readText } from "./arguments.ts";
import { wrongUsage } from "./failure.ts";
import { warn } from "./output.ts";

/**
 * Reads the first line of a file. Warns when other users can read the file as well, which the user may not
 * know.
 *
 * @returns the line without its end
 * @throws Failure when the file can not be read or is empty: an empty passphrase would leave the state
 *   unencrypted
 */
function firstLine(file: string, what: string): string {
  const line = readText(file, what).split(/\r?\n/, 1)[0];
  if (line === "") throw wrongUsage(`${what}: the first line of ${file} is empty`);
  const { isFile, mode } = Deno.statSync(file);
  if (isFile && ((mode ?? 0) & 0o044) !== 0) warn(`others can read ${file}: chmod 600 takes that away`);
  return line;
}

/**
 * Reads a password from the file, the environment or the terminal.
 *
 * @param file of `--password-file`
 * @param ask the question at the terminal
 * @throws Failure when there is no password in any of them
 */
export async function passwordFrom(file: string | undefined, env: Env, ask: string): Promise<string> {
  if (file !== undefined) return firstLine(file, "--password-file");
  const given = env("QPQ_PASSWORD");
  if (given) return given;
  return await asked(ask, "no password: give --password-file or QPQ_PASSWORD, or run qpq at a terminal");
}

/** Reads a new password; at the terminal it is asked twice. @throws Failure */
export async function newPasswordFrom(file: string | undefined, env: Env): Promise<string> {
  if (file !== undefined) return firstLine(file, "--new-password-file");
  return env("QPQ_NEW_PASSWORD") ||
    await askedTwice(
      "New password",
      "no new password: give --new-password-file or QPQ_NEW_PASSWORD, or run qpq at a terminal",
    );
}

/** Reads the password of a new account. @throws Failure */
export async function firstPasswordFrom(file: string | undefined, env: Env, ask: string): Promise<string> {
  if (file !== undefined) return firstLine(file, "--password-file");
  return env("QPQ_PASSWORD") ||
    await askedTwice(ask, "no password: give --password-file or QPQ_PASSWORD, or run qpq at a terminal");
}

/** @returns the recovery code from a file, the environment or the terminal, in this order @throws Failure */
export async function recoveryCodeFrom(file: string | undefined, env: Env): Promise<string> {
  if (file !== undefined) return firstLine(file, "--recovery-code-file");
  return env("QPQ_RECOVERY_CODE") ||
    await asked(
      "Recovery code",
      "no recovery code: give --recovery-code-file or QPQ_RECOVERY_CODE, or run qpq at a terminal",
    );
}

async function asked(ask: string, without: string): Promise<string> {
  if (!Deno.stdin.isTerminal()) throw wrongUsage(without);
  return await askHidden(ask);
}

async function askedTwice(ask: string, without: string): Promise<string> {
  const first = await asked(ask, without);
  if (await askHidden("The same again") !== first) throw wrongUsage("the two were not the same");
  return first;
}

/** Restores the terminal when a signal ends qpq during a question. */
export function restoreTerminal(): void {
  if (isAsking) Deno.stdin.setRaw(false);
}

let isAsking = false;

/** @returns the passphrase of the state, if there is one */
export function passphraseFrom(file: string | undefined, env: Env): string | undefined {
  if (file !== undefined) return firstLine(file, "--passphrase-file");
  return env("QPQ_PASSPHRASE") || undefined;
}

/** The bytes of keys that edit a line; Ctrl+D and Ctrl+U are `end` and `kill`. */
const key = { end: 4, backspace: 8, newline: 10, enter: 13, kill: 21, delete: 127 } as const;

/** Reads a line from the terminal without showing it. */
async function askHidden(ask: string): Promise<string> {
  // Echo is off before the question appears: a fast answer is not shown either.
  Deno.stdin.setRaw(true, { cbreak: true });
  isAsking = true;
  try {
    await Deno.stderr.write(new TextEncoder().encode(`${ask}: `));
    const bytes: number[] = [];
    const buffer = new Uint8Array(64);
    while (true) {
      const count = await Deno.stdin.read(buffer) ?? 0;
      for (const byte of buffer.subarray(0, count)) {
        if (byte === key.enter || byte === key.newline || byte === key.end) {
          return new TextDecoder().decode(Uint8Array.from(bytes));
        }
        if (byte === key.delete || byte === key.backspace) {
          // A character has one to four bytes: its continuation bytes are removed as well.
          while (bytes.length > 0 && (bytes.pop()! & 0xc0) === 0x80);
        } else if (byte === key.kill) bytes.length = 0;
        else bytes.push(byte);
      }
      if (count === 0) return new TextDecoder().decode(Uint8Array.from(bytes));
    }
  } finally {
    isAsking = false;
    Deno.stdin.setRaw(false);
    await Deno.stderr.write(new TextEncoder().encode("\n"));
  }
}

/**
 * Reads passwords and passphrases from a file, the environment or the terminal. Never from the command line, which
 * other users can read.
 */

import { type Env, readBytes } from "./arguments.ts";
import { wrongUsage } from "./failure.ts";
import { warn } from "./output.ts";
import { type Secret, secretOf, textOfNew } from "./secret_text.ts";

/** The bytes of keys that edit a line; Ctrl+D and Ctrl+U are `end` and `kill`. */
const key = { end: 4, backspace: 8, newline: 10, enter: 13, kill: 21, delete: 127 } as const;

/**
 * Reads the first line of a file. Warns when other users can read the file as well, which the user may not
 * know.
 *
 * @returns the line without its end
 * @throws Failure when the file can not be read or is empty: an empty passphrase would leave the state
 *   unencrypted
 */
function firstLine(file: string, what: string): Secret {
  const bytes = readBytes(file, what);
  const end = bytes.indexOf(key.newline);
  const line = secretOf(
    bytes.subarray(0, end < 0 ? bytes.length : end - Number(bytes[end - 1] === key.enter)),
    `${what} ${file}`,
  );
  if (line.text === "") throw wrongUsage(`${what}: the first line of ${file} is empty`);
  const { isFile, mode } = Deno.statSync(file);
  if (isFile && ((mode ?? 0) & 0o044) !== 0) warn(`others can read ${file}: chmod 600 takes that away`);
  return line;
}

/**
 * Reads a password that exists from the file, the environment or the terminal.
 *
 * @param file of `--password-file`
 * @param ask the question at the terminal
 * @throws Failure when there is no password in any of them
 */
export async function passwordFrom(file: string | undefined, env: Env, ask: string): Promise<Secret> {
  if (file !== undefined) return firstLine(file, "--password-file");
  const given = env("QPQ_PASSWORD");
  if (given) return { from: "QPQ_PASSWORD", text: given };
  return await asked(ask, "no password: give --password-file or QPQ_PASSWORD, or run qpq at a terminal");
}

/** Where a new password may come from. */
const newPasswordSources = {
  /** of an account that exists */
  changed: { option: "--new-password-file", variable: "QPQ_NEW_PASSWORD", what: "new password" },
  /** of a new account */
  first: { option: "--password-file", variable: "QPQ_PASSWORD", what: "password" },
} as const;

/**
 * Reads a password that is made; at the terminal it is asked twice, and an empty answer asks for a generated one.
 *
 * @param file of the option that names one
 * @param ask the question at the terminal
 * @returns undefined where a password is to be generated
 * @throws Failure
 */
export async function newPasswordFrom(
  source: keyof typeof newPasswordSources,
  file: string | undefined,
  env: Env,
  ask: string,
): Promise<string | undefined> {
  const { option, variable, what } = newPasswordSources[source];
  if (file !== undefined) return textOfNew(firstLine(file, option));
  const given = env(variable);
  if (given) return given;
  const without = `no ${what}: give ${option} or ${variable}, or --generate-password, or run qpq at a terminal`;
  const first = textOfNew(await asked(`${ask} (empty: a generated one)`, without));
  if (first === "") return undefined;
  if (textOfNew(await askHidden("The same again")) !== first) throw wrongUsage("the two were not the same");
  return first;
}

/** @returns the recovery code from a file, the environment or the terminal, in this order @throws Failure */
export async function recoveryCodeFrom(file: string | undefined, env: Env): Promise<string> {
  if (file !== undefined) return textOfNew(firstLine(file, "--recovery-code-file"));
  return env("QPQ_RECOVERY_CODE") ||
    textOfNew(
      await asked(
        "Recovery code",
        "no recovery code: give --recovery-code-file or QPQ_RECOVERY_CODE, or run qpq at a terminal",
      ),
    );
}

async function asked(ask: string, without: string): Promise<Secret> {
  if (!Deno.stdin.isTerminal()) throw wrongUsage(without);
  return await askHidden(ask);
}

/** Restores the terminal when a signal ends qpq during a question. */
export function restoreTerminal(): void {
  if (isAsking) Deno.stdin.setRaw(false);
}

let isAsking = false;

/** @returns the passphrase of the state, if there is one */
export function passphraseFrom(file: string | undefined, env: Env): Secret | undefined {
  if (file !== undefined) return firstLine(file, "--passphrase-file");
  const given = env("QPQ_PASSPHRASE");
  return given ? { from: "QPQ_PASSPHRASE", text: given } : undefined;
}

/** Reads a line from the terminal without showing it. */
async function askHidden(ask: string): Promise<Secret> {
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
          return secretOf(Uint8Array.from(bytes), "what was typed");
        }
        if (byte === key.delete || byte === key.backspace) {
          // A character has one to four bytes: its continuation bytes are removed as well.
          while (bytes.length > 0 && (bytes.pop()! & 0xc0) === 0x80);
        } else if (byte === key.kill) bytes.length = 0;
        else bytes.push(byte);
      }
      if (count === 0) return secretOf(Uint8Array.from(bytes), "what was typed");
    }
  } finally {
    isAsking = false;
    Deno.stdin.setRaw(false);
    await Deno.stderr.write(new TextEncoder().encode("\n"));
  }
}

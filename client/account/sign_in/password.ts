/** Normalises and checks a password before OPAQUE uses it (specification §1.7). */

import { EngineError, LocalCode } from "../../api/errors.ts";
import type { PasswordFault, PasswordJudgement } from "../../api/password_judgement.ts";

/** For whoever reads the code L003 in a terminal or a log. */
const details: Record<PasswordFault, string> = {
  short: "the password has fewer than 12 characters",
  username: "the password contains the username, or is made of it",
  common: "many people use this password, or one much like it",
  repeat: "the password repeats itself",
  sequence: "the password is made of sequences like abc or 123",
  keyboard: "the password is made of keys that lie beside one another",
  date: "the password is made of a date or a year",
  guessable: "the password is guessed after too few attempts",
};

/** What is needed where a password is made. Rejects with L001 where it can not be loaded. */
async function strength(): Promise<typeof import("./password_strength.ts")> {
  try {
    return await import("./password_strength.ts");
  } catch (error) {
    const detail = `what judges passwords could not be loaded: ${(error as Error)?.message}`;
    throw new EngineError({ code: LocalCode.offline, detail });
  }
}

/** See `EngineApi.judgePassword`. @throws EngineError L001 */
export async function judgePassword(password: string, username: string): Promise<PasswordJudgement> {
  return (await strength()).judgedPassword(normalisedPassword(password), username);
}

/** See `EngineApi.suggestPassphrase`. @throws EngineError L001 */
export async function suggestPassphrase(username: string): Promise<string> {
  return (await strength()).newPassphrase(username);
}

/**
 * The form in which a new password is used: NFKC, so that the same keys on another system give the same bytes.
 *
 * @param username must not be part of the password
 * @throws EngineError L003 for a weak one, L001 where it can not be judged
 */
export async function checkedPassword(password: string, username: string): Promise<string> {
  const { fault } = await judgePassword(password, username);
  if (fault) throw new EngineError({ code: LocalCode.weakPassword, detail: details[fault] });
  return normalisedPassword(password);
}

/** For signing in: an accepted password is not checked again. @returns the NFKC form */
export function normalisedPassword(password: string): string {
  return password.normalize("NFKC");
}

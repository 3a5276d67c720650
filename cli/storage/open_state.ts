/** Opens the state of a command line with its passphrase, or makes a new one under a passphrase that is judged. */

import { EngineError } from "../../client/api/errors.ts";
import { checkedPassword, normalisedPassword } from "../../client/account/sign_in/password.ts";
import { Failure } from "../failure.ts";
import { formsOf, type Secret, textOfNew, withEitherForm } from "../secret_text.ts";
import { exitCodes } from "../usage.ts";
import { SqliteStorage } from "./sqlite_storage.ts";
import { WrongPassphraseError } from "./state_error.ts";

/**
 * @param passphrase of the state; it is judged only where it is made, with the state
 * @param note called with warnings
 * @throws StateError, Failure L031 for a new passphrase that is not UTF-8, L003 for a weak one
 */
export async function openState(
  path: string,
  passphrase: Secret | undefined,
  note: (text: string) => void,
): Promise<SqliteStorage> {
  if (passphrase === undefined) return SqliteStorage.open(path, undefined, note);
  if (isNew(path)) return SqliteStorage.open(path, await newPassphrase(passphrase), note);
  return await withEitherForm(
    passphrase,
    formsOf(passphrase, normalisedPassword),
    (error) => error instanceof WrongPassphraseError,
    (form) => SqliteStorage.open(path, form, note),
  );
}

async function newPassphrase(passphrase: Secret): Promise<string> {
  try {
    return await checkedPassword(textOfNew(passphrase), "");
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { code, detail } = error.problem;
    throw new Failure(
      exitCodes.failed,
      `${passphrase.from}: ${detail.replaceAll("password", "passphrase")}`,
      "use at least 12 characters, best six unrelated words",
      code,
    );
  }
}

/** @returns whether a state would be made there; what else is wrong with the path is found when it is opened */
function isNew(path: string): boolean {
  try {
    return Deno.statSync(path).size === 0;
  } catch {
    return true;
  }
}

/** `qpq-server rekey`: encrypts the database under another key, for the first time, or not any more. */

import { isDamaged } from "../../server-common/config.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";

export const rekey: Command = {
  synopsis: "rekey (--new-key-file FILE | --decrypt)",
  summary: "encrypt the database under another key; the server must be stopped",
  details: `The present key comes from QPQ_DB_KEY or QPQ_DB_KEY_FILE (neither: the database is not encrypted yet), \
the new one from FILE, without the end of its line. A copy is made under the new key and takes the
database's place in one step: a crash leaves the old one or the new one, whole. Afterwards set \
QPQ_DB_KEY_FILE to the new key. Older backups keep their old key.`,
  examples: ["qpq-server rekey --new-key-file /keys/db-key-2", "qpq-server rekey --decrypt"],
  options: { "new-key-file": { type: "string" }, decrypt: { type: "boolean" } },
  positionals: [0, 0],
  run: async (invocation) => {
    const newKey = newKeyOf(invocation);
    await invocation.store.rekey({ newKey });
    invocation.output.record(
      newKey === undefined
        ? "the database is not encrypted any more; unset QPQ_DB_KEY and QPQ_DB_KEY_FILE"
        : "the database is under the new key; set QPQ_DB_KEY_FILE to it before the server starts",
      { encrypted: newKey !== undefined },
    );
  },
};

/** @returns undefined for none */
function newKeyOf({ options }: Invocation): string | undefined {
  const file = options["new-key-file"] as string | undefined;
  if ((file === undefined) === (options.decrypt !== true)) {
    throw new Failure(exitCodes.usage, "one of --new-key-file FILE, --decrypt", "qpq-server rekey --help");
  }
  if (file === undefined) return undefined;
  let key: string;
  try {
    key = Deno.readTextFileSync(file).trim();
  } catch (error) {
    throw new Failure(exitCodes.failed, `the new key can not be read: ${(error as Error).name}`);
  }
  if (isDamaged(key)) throw new Failure(exitCodes.failed, "the new key is not UTF-8", "openssl rand -hex 32 makes one");
  if (key === "") throw new Failure(exitCodes.failed, "the new key is empty");
  return key;
}

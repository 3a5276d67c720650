/** The commands account and export: deletes the account, and takes its data along. */

import type { ExportPart } from "../../client/api/engine_api.ts";
import { wrongUsage } from "../failure.ts";
import type { Command, CommandContext } from "./command.ts";
import { withOwnPassword } from "./passwords.ts";

/** `account delete`: deletes the account for good, and empties the state. */
export const account: Command = async (context) => {
  const { session, invocation, output } = context;
  if (invocation.args[0] !== "delete") throw wrongUsage("account: only delete is known", "account");
  if (invocation.options.yes !== true) {
    throw wrongUsage("deleting an account can not be undone: qpq account delete --yes", "account");
  }
  await session.synced();
  const { username } = await session.requireSignedIn();
  await withOwnPassword(context, `Password of ${username}`, (password) => session.engine.deleteAccount(password));
  await output.line(
    `the account ${username} is deleted, and this state is empty; ` +
      "the name stays reserved, and others keep what you sent",
    { type: "account-deleted", username },
  );
};

/** `export`: writes what this device has of the account (docs/export.md), part by part. */
export const exportData: Command = async (context) => {
  const { invocation: { options }, output, files } = context;
  const path = options.output as string | undefined;
  const parts = partsOf(context);
  if (path === undefined) {
    for await (const { lines } of parts) await output.write(lines);
    return;
  }
  // A file that is there may be an older export, or anything else.
  const file = await files.create(path, { command: "export", option: "output" });
  let chats = 0;
  try {
    for await (const { lines, total } of parts) {
      await file.write(new TextEncoder().encode(lines));
      chats = total;
    }
    await file.finish();
  } catch (error) {
    // Half an export would be taken for a whole one.
    await file.drop();
    throw error;
  }
  await output.line(`${path} has everything that this device keeps of the account, and no keys`, {
    type: "exported",
    file: path,
    chats,
  });
};

async function* partsOf({ session, output, interrupted }: CommandContext): AsyncGenerator<ExportPart> {
  let next: string | undefined;
  try {
    do {
      interrupted.throwIfAborted();
      const part = await session.engine.exportPart(next);
      yield part;
      next = part.next;
      output.progress(`exporting ${part.done} of ${part.total}`);
    } while (next !== undefined);
  } finally {
    output.progress(undefined);
  }
}

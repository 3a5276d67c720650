/** What the list of chats showed last, read by the page itself while the engine is still being opened. */

import type { LastList } from "../../client/api/last_list.ts";
import { readBeside } from "../../client/storage/indexeddb.ts";
import { lastListPlace, openLastList } from "../../client/storage/last_list.ts";

/** @returns undefined where there is none, or where it can not be read: the engine says what is the matter */
export async function readLastList(): Promise<LastList | undefined> {
  const found = await readBeside(lastListPlace);
  return found && await openLastList(found.wrappingKey, found.record);
}

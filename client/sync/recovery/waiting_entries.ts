/** Whether entries of a channel wait in this device's queue: what it would ask for may be among them. */

import type { Bytes } from "../../../schema/bytes.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/**
 * Asks the server, so it has to be told which entries are dealt with.
 *
 * @param after the highest seq of the queue whose effects are on disk
 * @returns whether there is any entry of the channel behind it. @throws TransportError, WireError
 */
export async function entriesWait(
  { account, rpc }: Pick<SyncContext, "account" | "rpc">,
  channelId: Bytes,
  after: number,
): Promise<boolean> {
  const { recipientKey } = account;
  const { entries } = await rpc.call(delivery.fetch, { recipientKey, channelId, after, limit: 1 });
  return entries.length > 0;
}

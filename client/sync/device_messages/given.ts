/** Gives the content of an own message to one member device alone (specification §3.8). */

import { type Bytes, fromHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import type { SentAt } from "../conversation/device_history.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { none, sendDeviceMessage } from "./device_messages.ts";

/** The longest content, in bytes, that fits into a device message with its padding. Own messages are shorter. */
const maxGivenBytes = 48 * 1024;

/** @param content the container's bytes */
export function canBeGiven(content: Bytes): boolean {
  return content.length <= maxGivenBytes;
}

/**
 * @param to the member, as the newest state has it
 * @param message `messageId` in hex; where it was sent, and the container's bytes
 * @returns whether the server took it. False also for what can not be given: a key that is not usable, too many bytes
 * @throws TransportError, WireError
 */
export async function give(
  context: Pick<SyncContext, "account" | "mls" | "rpc">,
  { channelId }: Readonly<Pick<ConversationRecord, "channelId">>,
  to: Member,
  { messageId: id, sent, content }: { messageId: string; sent: SentAt; content: Bytes },
): Promise<boolean> {
  if (!canBeGiven(content)) return false;
  const [messageId, sentIn, n] = [fromHex(id), fromHex(sent.channel), sent.epoch];
  const { recipientKey, xwingPublicKey } = to;
  const sealed = await context.mls.sealGiven(content, xwingPublicKey, {
    channelId,
    sentIn,
    n: BigInt(n),
    messageId,
    from: context.account.recipientKey,
    to: recipientKey,
  });
  return sealed !== undefined && await sendDeviceMessage(context, channelId, recipientKey, {
    kind: "given",
    n,
    commitId: none,
    messageId,
    sentIn,
    sealed,
  });
}

/**
 * The maker of a replacement channel: the signature over the link to the old channel, and the maker's
 * account.
 */

import { concat, equalBytes, fromHex, toHex, u64, utf8 } from "../../../schema/bytes.ts";
import { signEd25519, verifyEd25519 } from "../../../schema/ed25519.ts";
import type { Bytes } from "../../../schema/bytes.ts";
import type { Supersedes } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

/** The bytes that the maker signs: both channels, and the last common epoch. */
function signedBytes(
  channelId: Uint8Array,
  { channelId: superseded, lastEpoch, transcriptHash, firstChannelId, commits }: Supersedes,
): Uint8Array<ArrayBuffer> {
  return concat(
    utf8("qpq/1 successor"),
    channelId,
    superseded,
    u64(lastEpoch),
    transcriptHash,
    firstChannelId ?? superseded,
    ...(commits ? [commits] : []),
  );
}

/** @returns the extension with the maker's signature. @param seed 32 bytes: the private key of `maker` */
export async function signReplacement(
  channelId: Uint8Array,
  supersedes: Supersedes,
  maker: Bytes,
  seed: Uint8Array,
): Promise<Supersedes> {
  return { ...supersedes, maker, signature: await signEd25519(seed, signedBytes(channelId, supersedes)) };
}

/**
 * @returns the account of the chat, as hex, whose own list contains the device; for a device without a state
 *   of the group
 */
async function listedIn(
  { account }: SyncContext,
  { members }: Readonly<ConversationRecord>,
  device: Uint8Array,
): Promise<string | undefined> {
  for (const { accountKey } of members) {
    const known = await account.directory.byKey(fromHex(accountKey));
    if (known?.devices.devices.some(({ recipientKey }) => equalBytes(recipientKey, device))) return accountKey;
  }
  return undefined;
}

/**
 * @returns the account of the chat, as hex, to which the device belongs: by the group's state, or, where that
 *   is lost or older, by the account's own list
 */
export async function accountOf(context: SyncContext, chatId: string, device: Uint8Array): Promise<string | undefined> {
  const [state, record] = [await context.conversations.withState(chatId), context.conversations.get(chatId)?.record];
  const member = state?.active
    ? context.mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, device))
    : undefined;
  if (member) return toHex(member.credential.accountKey);
  return record && await listedIn(context, record, device);
}

/** @returns the account of the old group, as hex, whose device made the replacement channel */
export async function makerOf(
  context: SyncContext,
  conversation: ConversationTransaction,
  channelId: Uint8Array,
  supersedes: Supersedes,
): Promise<string | undefined> {
  const { mls } = context;
  const { maker, signature } = supersedes;
  if (!maker || !signature || !await verifyEd25519(maker, signature, signedBytes(channelId, supersedes))) {
    return undefined;
  }
  const member = conversation.state?.active
    ? mls.members(conversation.state).find(({ recipientKey }) => equalBytes(recipientKey, maker))
    : undefined;
  if (member) return toHex(member.credential.accountKey);
  // The maker joined after this device's state, or this device has no state any more. Then the account's own
  // list decides.
  return await listedIn(context, conversation.record, maker);
}

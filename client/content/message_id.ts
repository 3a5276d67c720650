/**
 * MIMI message ids (draft-ietf-mimi-content-07 §3.3; specification §7.2): derived by each receiver, never
 * taken from the sender.
 */

import { type Bytes, concat, fromHex, sha256, toHex, utf8 } from "../../schema/bytes.ts";

/**
 * `0x01 ‖ SHA-256(senderUri ‖ roomUri ‖ content ‖ salt)[0..31)`.
 *
 * @param senderUri see {@link accountUri}
 * @param roomUri see {@link roomUri}
 * @param content the container's bytes
 * @param salt its salt, again at the end so that the hash can not be extended
 * @returns 32 bytes
 */
export async function mimiMessageId(
  senderUri: string,
  roomUri: string,
  content: Uint8Array,
  salt: Uint8Array,
): Promise<Bytes> {
  const hash = await sha256(utf8(senderUri), utf8(roomUri), content, salt);
  return concat(Uint8Array.of(1), hash.subarray(0, 31));
}

/** @param accountKey 32 bytes @returns the URI of a sender, for message ids alone */
export function accountUri(accountKey: Uint8Array): string {
  return `im:${toHex(accountKey)}`;
}

/**
 * @param firstChannelId 32 bytes: the conversation's first channel; its replacements keep it, so that ids stay the
 *   same (specification §7.2)
 */
export function roomUri(firstChannelId: Uint8Array): string {
  return `im:${toHex(firstChannelId)}`;
}

/** @returns the 16 bytes of a messageId, or undefined for a text that is none */
export function messageIdOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^[0-9a-f]{32}$/.test(text) ? fromHex(text) : undefined;
}

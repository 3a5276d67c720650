/** Reads the sender and the generation of a PrivateMessage before its key is used. */

import type { ClientState, PrivateMessage } from "ts-mls";
import { decryptSenderData } from "ts-mls/privateMessage.js";
import { ciphersuite } from "../crypto/provider.ts";
import { leafAt } from "./identity.ts";

export interface MessageSender {
  leafIndex: number;
  generation: number;
  /** The generation's key is used up: this message, or another one of the generation, was opened before. */
  spent: boolean;
}

/** @returns undefined when the sender data does not open or names no leaf of the epoch's tree */
export async function senderOf(
  mls: ClientState,
  epoch: bigint,
  message: PrivateMessage,
): Promise<MessageSender | undefined> {
  const keys = epochKeys(mls, epoch);
  if (keys === undefined) return undefined;
  const sender = await decryptSenderData(message, keys.senderDataSecret, ciphersuite).catch(() => undefined);
  if (sender === undefined || leafAt(keys.ratchetTree, sender.leafIndex) === undefined) return undefined;
  const node = keys.secretTree[2 * sender.leafIndex];
  const ratchet = message.contentType === "application" ? node.application : node.handshake;
  const spent = sender.generation < ratchet.generation && ratchet.unusedGenerations[sender.generation] === undefined;
  return { leafIndex: sender.leafIndex, generation: sender.generation, spent };
}

/** @returns the secrets that open messages of the current epoch or of the one before */
export function epochKeys(mls: ClientState, epoch: bigint) {
  if (epoch !== mls.groupContext.epoch) return mls.historicalReceiverData.get(epoch);
  const { secretTree, ratchetTree, groupContext, keySchedule: { senderDataSecret } } = mls;
  return { secretTree, ratchetTree, groupContext, senderDataSecret };
}

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

/** @returns undefined when the sender data does not open or names no leaf of the present tree (GRP-6.6) */
export async function senderOf(mls: ClientState, message: PrivateMessage): Promise<MessageSender | undefined> {
  const sender = await decryptSenderData(message, mls.keySchedule.senderDataSecret, ciphersuite).catch(() => undefined);
  if (sender === undefined || leafAt(mls.ratchetTree, sender.leafIndex) === undefined) return undefined;
  const node = mls.secretTree[2 * sender.leafIndex];
  const ratchet = message.contentType === "application" ? node.application : node.handshake;
  const spent = sender.generation < ratchet.generation && ratchet.unusedGenerations[sender.generation] === undefined;
  return { leafIndex: sender.leafIndex, generation: sender.generation, spent };
}

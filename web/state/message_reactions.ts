/** Groups the reactions to a message by sign, for one chip each. Pure. */

import type { Reaction } from "../../client/api/engine_api.ts";

export interface SignedBy {
  sign: string;
  /** Each account once, in the order of their reactions. */
  senders: Pick<Reaction, "sender" | "senderKey">[];
  /** This account is one of them. */
  own: boolean;
}

/**
 * @param accountKey of this account, hex
 * @returns the signs in the order of their first reaction, each with its senders
 */
export function reactionsBySign(reactions: readonly Reaction[], accountKey: string): SignedBy[] {
  const signs = new Map<string, Map<string, SignedBy["senders"][number]>>();
  for (const { text, sender, senderKey } of reactions) {
    const senders = signs.get(text) ?? new Map<string, SignedBy["senders"][number]>();
    signs.set(text, senders.set(senderKey, { sender, senderKey }));
  }
  return [...signs].map(([sign, senders]) => ({ sign, senders: [...senders.values()], own: senders.has(accountKey) }));
}

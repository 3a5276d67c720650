/** Groups the reactions to a message by sign, for one chip each. Pure. */

import type { Reaction } from "../../client/api/engine_api.ts";

export interface SignedBy {
  sign: string;
  /** Usernames, each once, in the order of their reactions. */
  senders: string[];
}

/** @returns the signs in the order of their first reaction, each with its senders */
export function reactionsBySign(reactions: readonly Reaction[]): SignedBy[] {
  const signs = new Map<string, Set<string>>();
  for (const { text, sender } of reactions) signs.set(text, (signs.get(text) ?? new Set()).add(sender));
  return [...signs].map(([sign, senders]) => ({ sign, senders: [...senders] }));
}

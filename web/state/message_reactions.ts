/** The reactions to a message as they are shown: one chip a sign. Pure. */

import type { Reaction } from "../../client/api/engine_api.ts";

export interface SignedBy {
  sign: string;
  /** Usernames, each once, in the order of their reactions. */
  senders: string[];
}

/** @returns the signs in the order in which they first came, each with who gave it */
export function reactionsBySign(reactions: readonly Reaction[]): SignedBy[] {
  const signs = new Map<string, Set<string>>();
  for (const { text, sender } of reactions) signs.set(text, (signs.get(text) ?? new Set()).add(sender));
  return [...signs].map(([sign, senders]) => ({ sign, senders: [...senders] }));
}

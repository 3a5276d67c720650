import type { AccountState, ChatSummary } from "./engine_api.ts";

/** What the list of chats showed last, and whose it is: what a page shows while its engine is opened. */
export interface LastList {
  account: Extract<AccountState, { kind: "signed-in" }>;
  /** In the order of the list, the first ones. */
  chats: ChatSummary[];
}

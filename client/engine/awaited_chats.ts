/** How many chats of the account this device has not been added to yet, as far as the vault names them. */

import { fromHex } from "../../schema/bytes.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";

/** Counts the chats that a device waits for, and tells when the number changes. */
export class AwaitedChats {
  readonly #context: Pick<SyncContext, "account" | "conversations">;
  readonly #tell: (chats: number) => void;
  #told = 0;

  /** @param tell called with each new number */
  constructor(context: Pick<SyncContext, "account" | "conversations">, tell: (chats: number) => void) {
    this.#context = context;
    this.#tell = tell;
  }

  /** The number that was told last. */
  get count(): number {
    return this.#told;
  }

  /** Counts again in the background, after a chat or the vault has changed. A failure leaves the last number. */
  look(): void {
    void this.#count().then((chats) => {
      if (chats === this.#told) return;
      this.#told = chats;
      this.#tell(chats);
    }, () => {});
  }

  async #count(): Promise<number> {
    const { account, conversations } = this.#context;
    const list = await account.vault.chats();
    return list.others(
      conversations.all().flatMap(({ record: { channelId, earlier } }) => [channelId, ...earlier?.map(fromHex) ?? []]),
    );
  }
}

/**
 * Ephemeral payloads (specification §2.6): a member is typing.
 *
 * They do not use the MLS ratchet and are never on disk. Each is sent once, and is valid for 30 s.
 */

import { equalBytes, toHex, utf8 } from "../../../schema/bytes.ts";
import { delivery, type Entry } from "../../../schema/rpc/methods.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { isIn, isMember, isShown } from "../conversation/standing.ts";

/** At most one payload in this time, in ms, however fast the user types. */
const typingEveryMs = 4_000;
const typingContent = utf8("typing");

/** Shows who is typing. The payloads are sealed, sent to connected devices, and never stored. */
export class Ephemeral {
  readonly #context: SyncContext;
  readonly #onTyping: (chatId: string, username: string) => void;
  readonly #sentMs = new Map<string, number>();

  constructor(context: SyncContext, onTyping: (chatId: string, username: string) => void) {
    this.#context = context;
    this.#onTyping = onTyping;
  }

  /**
   * Resolves when the payload was sent, or when there is no recipient. Never rejects, because a lost payload
   * does no harm.
   */
  async typing(chatId: string): Promise<void> {
    const { conversations, mls, rpc, account, environment, privacy } = this.#context;
    const record = conversations.get(chatId)?.record;
    const nowMs = environment.now();
    // Reading an invitation must not tell the inviter anything.
    if (
      !privacy.typing || !record || !isMember(record) || record.invitation || record.leaving ||
      nowMs - (this.#sentMs.get(chatId) ?? 0) < typingEveryMs
    ) return;
    this.#sentMs.set(chatId, nowMs);
    try {
      const state = await conversations.withState(chatId);
      if (!state?.active || state.epoch === 0n) return;
      const messageId = crypto.getRandomValues(new Uint8Array(16));
      const envelope = await mls.sealEphemeral(state, {
        messageId,
        content: typingContent,
        nowMs: account.clock.now(),
      });
      await rpc.call(delivery.publish, {
        channelId: record.channelId,
        epoch: Number(state.epoch),
        messageId,
        envelope,
        ephemeral: true,
      });
    } catch {
      // No network, or another epoch meanwhile: the next keystroke sends another payload.
    }
  }

  /**
   * Handles an entry with seq 0. Never rejects: drops payloads that do not open, are old, or are of another
   * kind.
   */
  async receive(entry: Entry): Promise<void> {
    try {
      const { conversations, mls, account, privacy } = this.#context;
      // Who does not tell it is not shown it.
      if (!privacy.typing) return;
      const chatId = conversations.chatOf(toHex(entry.channelId));
      const record = chatId === undefined ? undefined : conversations.get(chatId)?.record;
      if (chatId === undefined || !record || !isIn(record) || !isShown(record)) return;
      const state = await conversations.withState(chatId);
      const opened = state &&
        await mls.openEphemeral(state, {
          epoch: BigInt(entry.epoch),
          messageId: entry.id,
          envelope: entry.body,
          nowMs: account.clock.now(),
        });
      if (opened?.kind !== "processed" || !equalBytes(opened.content, typingContent)) return;
      // It is never shown later, so a mark would come to nothing (GRP-6.6).
      if (await isKnownRevoked(this.#context, opened.sender.credential)) return;
      if (account.settings.isBlocked(toHex(opened.sender.credential.accountKey))) return;
      this.#onTyping(chatId, opened.sender.credential.username);
    } catch {
      // A failing storage is reported elsewhere.
    }
  }
}

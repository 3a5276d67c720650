/**
 * Asks to be added anew when a Welcome did not open, or did not fit its tree: to an unknown channel, or to a
 * conversation that this device has left.
 */

import { toHex } from "../../../schema/bytes.ts";
import { type Entry, EntryKind } from "../../../schema/rpc/methods.ts";
import { Timers } from "../../runtime/timers.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { ConversationRecord, UnreadableRecord } from "../conversation/records.ts";
import { isIn } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { sendDeviceMessage } from "../device_messages/device_messages.ts";
import { whomToAsk } from "../device_messages/peers.ts";
import type { ReaddRequests } from "./readd_requests.ts";
import { firstRoundMs, longestRoundMs, putOffMs } from "./recovery_rounds.ts";
import { entriesWait } from "./waiting_entries.ts";

/** How many rounds ask for one Welcome. */
const welcomeRounds = 12;
/** For how many channels this device asks at once. Strangers may send any number of Welcomes. */
const lostWelcomesAtOnce = 8;

interface LostWelcome {
  channelId: Uint8Array<ArrayBuffer>;
  n: number;
  commitId: Uint8Array<ArrayBuffer>;
}

/** Asks the members of a channel whose Welcome did not open to add this device anew. */
export class WelcomeRecovery {
  readonly #context: SyncContext;
  readonly #requests: ReaddRequests;
  readonly #cursor: () => number;
  readonly #timers: Timers;
  /** Channels whose members are asked for the first time. */
  readonly #first = new Set<string>();
  #closed = false;

  /** @param cursor the highest seq of the queue whose effects are on disk */
  constructor(context: SyncContext, requests: ReaddRequests, cursor: () => number) {
    this.#context = context;
    this.#cursor = cursor;
    this.#timers = new Timers(context.environment);
    this.#requests = requests;
  }

  /** Whether members are being asked for the first time. */
  get busy(): boolean {
    return this.#first.size > 0;
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
  }

  /** A Welcome to a channel did not open, because its KeyPackage is gone. */
  lost({ channelId, epoch, id }: Pick<Entry, "channelId" | "epoch" | "id">): void {
    this.#schedule({ channelId: new Uint8Array(channelId), n: epoch, commitId: new Uint8Array(id) }, 1);
  }

  /** Asks again for every Welcome that did not open in an earlier run. @throws StorageError */
  async retryStored(): Promise<void> {
    for (const { value, context } of await this.#context.store.range<UnreadableRecord>("unreadable", "")) {
      const canBeHelped = value.code === "header" || value.code === "GRP-2.7";
      if (value.kind !== EntryKind.WELCOME || !canBeHelped || !context.channelId) continue;
      this.#schedule({ channelId: new Uint8Array(context.channelId), n: value.epoch, commitId: value.id }, 1);
    }
  }

  /**
   * The user has accepted an account's changed key. A Welcome that was refused for the old pin may be valid
   * now, so the members are asked to add this device anew.
   *
   * @throws StorageError
   */
  async keyAccepted(): Promise<void> {
    const { store } = this.#context;
    const refused = (await store.range<UnreadableRecord>("unreadable", "")).filter(({ value }) =>
      value.kind === EntryKind.WELCOME && value.code === "untrusted"
    );
    // From now on they count as Welcomes that did not open, for which every connection asks again.
    await store.write({
      puts: refused.map(({ key, value, context }) => ({
        store: "unreadable" as const,
        key,
        value: { ...value, code: "header" as const },
        context,
      })),
    });
    await this.retryStored();
  }

  #schedule(lost: LostWelcome, round: number, wasPutOff = false): void {
    const key = toHex(lost.channelId);
    if (this.#closed || this.#timers.has(key) || round > welcomeRounds || this.#timers.size >= lostWelcomesAtOnce) {
      return;
    }
    const pauseMs = round === 1 ? 0 : Math.min(longestRoundMs, firstRoundMs * 2 ** (round - 2));
    if (round === 1) this.#first.add(key);
    this.#timers.start(key, wasPutOff ? putOffMs : pauseMs, () => {
      void this.#ask(lost, round, wasPutOff).catch(() => false).then((isPutOff) => {
        this.#first.delete(key);
        this.#schedule(lost, isPutOff ? round : round + 1, isPutOff);
      });
    });
  }

  /** @returns whether it has put the round off, which it never does twice: somebody may write there all the time */
  async #ask({ channelId, n, commitId }: LostWelcome, round: number, wasPutOff: boolean): Promise<boolean> {
    if (!this.#isOut(channelId)) return false;
    const server = await serverState(this.#context.rpc, channelId);
    if (!server) return false;
    // Another Welcome may have come meanwhile, or be on its way. Whoever asks for more is put back twice.
    if (!wasPutOff && await entriesWait(this.#context, channelId, this.#cursor())) return true;
    if (!this.#isOut(channelId)) return false;
    const content = await this.#requests.make(channelId, n, commitId, server.epoch);
    const record = this.#recordOf(channelId);
    for (const to of await whomToAsk(this.#context, server.members, record, undefined, round)) {
      if (!this.#isOut(channelId)) break;
      await sendDeviceMessage(this.#context, channelId, to, content);
    }
    return false;
  }

  /** Whether this device may come into the channel, and is in no group there. */
  #isOut(channelId: Uint8Array): boolean {
    const record = this.#recordOf(channelId);
    return this.#context.conversations.chatOf(toHex(channelId)) !== undefined && !(record && isIn(record));
  }

  #recordOf(channelId: Uint8Array): Readonly<ConversationRecord> | undefined {
    const chatId = this.#context.conversations.chatOf(toHex(channelId));
    return chatId === undefined ? undefined : this.#context.conversations.get(chatId)?.record;
  }
}

/**
 * Adds the missing devices of member accounts to groups, each account's when it is this device's turn (specification
 * §4.11).
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import type { DeviceList } from "../../../schema/device_list.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { delayWithoutTurnMs, type MissingFrom, turnMs } from "./adding_order.ts";
import type { DeviceListDiff } from "./device_list_diff.ts";
import { type KeyPackageFetch, longestWaitMs, putOffMs, triesAtMost } from "./key_package_fetch.ts";

/** How long a turn that the server gave counts, in ms. */
const turnLastsMs = 60_000;

interface Parts {
  committer: Committer;
  keyPackages: KeyPackageFetch;
  /** What a group lacks by the newest lists that are stored. */
  diffOf(conversation: ConversationTransaction): Promise<DeviceListDiff>;
}

/** Adds devices. Failed work is done again at the next connection, or the next notice. */
export class DeviceAdder {
  readonly #context: SyncContext;
  readonly #parts: Parts;
  readonly #timers: Timers;
  /** By chat and account: when the turn that the server gave begins. */
  readonly #turns = new Map<string, { dueMs: number; untilMs: number }>();
  /** By chat: the accounts whose devices are to be added, and when. */
  readonly #due = new Map<string, Map<string, number>>();
  /** By chat and account: how often the server has put the fetch off (E005). */
  readonly #putOff = new Map<string, number>();
  #working = 0;

  constructor(context: SyncContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#timers = new Timers(context.environment);
  }

  /** Whether devices are being added, or are to be. */
  get busy(): boolean {
    return this.#working > 0 || this.#timers.size > 0;
  }

  close(): void {
    this.#timers.close();
  }

  /** The server has given this device its turn: so many devices are asked before it. */
  giveTurn(chatId: string, accountKey: string, turn: number): void {
    const nowMs = this.#context.environment.now();
    for (const [key, { untilMs }] of this.#turns) if (untilMs <= nowMs) this.#turns.delete(key);
    this.#turns.set(`${chatId}/${accountKey}`, { dueMs: nowMs + turn * turnMs, untilMs: nowMs + turnLastsMs });
  }

  /** @returns ms until the turn that the server gave; undefined where it gave none lately */
  turnInMs(chatId: string, accountKey: string): number | undefined {
    const nowMs = this.#context.environment.now();
    const turn = this.#turns.get(`${chatId}/${accountKey}`);
    return turn && turn.untilMs > nowMs ? Math.max(0, turn.dueMs - nowMs) : undefined;
  }

  /** The devices of these accounts are missing in a group. Each account's are added at this device's turn. */
  async missing(
    chatId: string,
    group: Omit<MissingFrom, "accountKey" | "version" | "recipientKey">,
    lists: DeviceList[],
  ): Promise<void> {
    const { account: { recipientKey }, environment } = this.#context;
    for (const { accountKey, version } of lists) {
      const key = toHex(accountKey);
      const delayMs = this.turnInMs(chatId, key) ??
        await delayWithoutTurnMs({ ...group, accountKey, version, recipientKey });
      const due = this.#due.get(chatId) ?? new Map<string, number>();
      this.#due.set(chatId, due.set(key, Math.min(due.get(key) ?? Infinity, environment.now() + delayMs)));
    }
    this.#start(chatId);
  }

  /** Waits for the next account of the chat. */
  #start(chatId: string): void {
    const due = this.#due.get(chatId);
    if (!due || due.size === 0) return;
    const nextMs = Math.min(...due.values());
    this.#timers.start(chatId, Math.max(0, nextMs - this.#context.environment.now()), () => {
      const accounts = new Set([...due].filter(([, dueMs]) => dueMs <= nextMs).map(([accountKey]) => accountKey));
      for (const accountKey of accounts) due.delete(accountKey);
      if (due.size === 0) this.#due.delete(chatId);
      this.#working++;
      const add = async () => {
        try {
          await this.#add(chatId, accounts);
          for (const accountKey of accounts) this.#putOff.delete(`${chatId}/${accountKey}`);
        } catch (error) {
          for (const accountKey of accounts) this.#laterAgain(chatId, accountKey, error);
        }
      };
      void add().finally(() => {
        this.#working--;
        this.#start(chatId);
      });
    });
  }

  /** A device with many chats needs more KeyPackages than the server gives at once: the rest is fetched later. */
  #laterAgain(chatId: string, accountKey: string, error: unknown): void {
    const key = `${chatId}/${accountKey}`;
    const waitMs = putOffMs(error);
    const tries = (this.#putOff.get(key) ?? 0) + 1;
    if (waitMs === undefined || waitMs > longestWaitMs || tries === triesAtMost) {
      this.#putOff.delete(key);
      return;
    }
    this.#putOff.set(key, tries);
    const { environment } = this.#context;
    const due = this.#due.get(chatId) ?? new Map<string, number>();
    this.#due.set(chatId, due.set(accountKey, environment.now() + waitMs + waitMs * environment.random()));
  }

  /** A commit that came meanwhile may have added the devices: then no KeyPackage is fetched. */
  async #add(chatId: string, accounts: ReadonlySet<string>): Promise<void> {
    await this.#parts.committer.commit(chatId, async (conversation) => {
      const { missing } = await this.#parts.diffOf(conversation);
      const add = await this.packagesOf(missing.filter(({ accountKey }) => accounts.has(accountKey)));
      return add.length > 0 ? { purpose: "devices", add, remove: [] } : undefined;
    });
  }

  /** @returns the KeyPackages of those devices that can be added @throws EngineError where that is none */
  async packagesOf(missing: DeviceListDiff["missing"]): Promise<CommitPlan["add"]> {
    const { account: { directory } } = this.#context;
    // One device that can not be had must not keep the others out.
    const fetched = await Promise.allSettled(missing.map(async ({ accountKey, device }) => {
      const account = await directory.byKey(fromHex(accountKey));
      return account ? await this.#parts.keyPackages.ofDevices(account, [device]) : [];
    }));
    const found = fetched.flatMap((result) => result.status === "fulfilled" ? result.value : []);
    const failed = fetched.find((result) => result.status === "rejected");
    if (found.length === 0 && failed) throw failed.reason;
    return found;
  }
}

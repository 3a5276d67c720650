/**
 * The background work of a signed-in device, by the hour and after events: device lists, KeyPackages, the
 * vault, own leaves, leave requests, expired records.
 */

import { codeName, ErrorCode } from "../../schema/rpc/errors.ts";
import { engineError, isDisconnection } from "../account/errors.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { chatListChange, takeOwnChats } from "../sync/membership/own_chats.ts";
import type { AwaitedChats } from "./awaited_chats.ts";
import type { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import type { LeafRenewal } from "../sync/membership/leaf_renewal.ts";
import type { OthersAdditions } from "../sync/membership/others_additions.ts";
import type { Leaving } from "../sync/membership/leaving.ts";
import type { ExpiredRecords } from "../sync/conversation/expired_records.ts";

/** How often all of this work runs while connected, in ms. */
const everyMs = 3_600_000;

/**
 * How old the device lists of the people in the conversations may be after a message was sent, in ms. A
 * device that signed in since then can read neither that message nor later ones, until it is added.
 */
const listsFreshMs = 30_000;

interface Parts {
  leaving: Leaving;
  expired: ExpiredRecords;
  maintenance: GroupMaintenance;
  additions: OthersAdditions;
  renewal: LeafRenewal;
  awaited: AwaitedChats;
  /** Reports an error that the user should see. */
  report(error: unknown): void;
}

/** Background work for one signed-in device. Failed work waits for the next epoch, connection or hour. */
export class Housekeeping {
  readonly #context: SyncContext;
  readonly #parts: Parts;
  #cancelHourly = () => {};
  #cancelFresh = () => {};
  #listsFresh = false;
  #listsFailed = false;
  #vaultKept = false;
  #running = 0;
  #closed = false;

  constructor(context: SyncContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Whether background work is in progress. */
  get busy(): boolean {
    return this.#running > 0;
  }

  close(): void {
    this.#closed = true;
    this.#cancelHourly();
    this.#cancelFresh();
  }

  /** The backlog of a connection is processed. */
  caughtUp(): void {
    this.#listsFresh = false;
    this.#listsFailed = false;
    if (!this.#vaultKept) this.keepVault();
    this.lookAfter();
  }

  /** The connection is over. */
  disconnected(): void {
    this.#cancelHourly();
    this.#parts.renewal.disconnected();
  }

  /** Does all of this work now, and every hour after. */
  lookAfter(): void {
    if (this.#closed) return;
    // This runs while the connection lives, and from the end of its backlog on.
    this.#context.account.keyPackages.queueRead();
    this.replenish();
    this.checkDevices();
    this.#parts.renewal.lookAtAll();
    for (const { id } of this.#context.conversations.all()) {
      this.leaveAgain(id);
      this.#parts.maintenance.redo(id);
      this.#parts.additions.look(id);
    }
    void this.#parts.expired.sweep().catch((error) => this.#parts.report(error));
    this.#cancelHourly();
    this.#cancelHourly = this.#context.environment.after(everyMs, () => this.lookAfter());
  }

  /** Looks for changed device lists, unless the last look was a moment ago. */
  checkDevices(): void {
    if (this.#listsFresh) return;
    this.#listsFresh = true;
    this.#cancelFresh = this.#context.environment.after(listsFreshMs, () => {
      this.#listsFresh = false;
    });
    this.background(this.#parts.maintenance.checkDevices(), (error) => {
      this.#listsFresh = false;
      // A server that withholds device lists keeps revoked devices in groups. This is reported once a
      // connection.
      if (!this.#listsFailed) this.#parts.report(error);
      this.#listsFailed = true;
    });
  }

  /** Asks again to be removed, where the user wants to leave. */
  leaveAgain(chatId: string): void {
    if (this.#context.conversations.get(chatId)?.record.leaving) {
      this.background(this.#parts.leaving.leaveAgain(chatId));
    }
  }

  /** Uploads KeyPackages that the server lacks. */
  replenish(): void {
    this.background(this.#context.account.keyPackages.replenish());
  }

  /**
   * Reads the vault, and writes the account's chats into it.
   *
   * @param options.withGone takes out what is no chat of the account any more: after a chat has ended or moved. The
   *   first write of a run does so in any case
   */
  keepVault({ withGone = false } = {}): void {
    this.#parts.awaited.look();
    this.background(this.#syncVault(withGone));
  }

  async #syncVault(withGone = false): Promise<void> {
    await this.#context.account.vault.sync(chatListChange(this.#context, withGone || !this.#vaultKept));
    this.#vaultKept = true;
    await this.#vaultRead();
  }

  /** What another device of the account has changed in the vault. @throws EngineError */
  async readVault(): Promise<void> {
    await this.#context.account.vault.sync();
    await this.#vaultRead();
  }

  async #vaultRead(): Promise<void> {
    await takeOwnChats(this.#context);
    this.#parts.awaited.look();
  }

  /**
   * Writes device list and vault again that a restored server has lost.
   *
   * @throws EngineError L001, E040; E015 while other devices of the account write, too. What fails otherwise
   *   stays as it is
   */
  async putAccountAgain(): Promise<void> {
    for (const work of [() => this.#context.account.putDevicesAgain(), () => this.#syncVault()]) {
      await work().catch((error) => {
        const { code } = engineError(error).problem;
        if (isDisconnection(error) || code === codeName(ErrorCode.epochConflict)) throw error;
      });
    }
  }

  /** Runs work that no caller waits for. @param failed by default nothing: the next run repeats the work */
  background(work: Promise<unknown>, failed: (error: unknown) => void = () => {}): void {
    this.#running++;
    void work.catch(failed).finally(() => this.#running--);
  }
}

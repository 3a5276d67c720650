/**
 * What a signed-in device looks after in the background, by the hour and after events: device lists,
 * KeyPackages, the vault, wishes to leave, expired records.
 */

import { codeName, ErrorCode } from "../../schema/rpc/errors.ts";
import { engineError, isDisconnection } from "../account/errors.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { isIn, isShown } from "../sync/conversation/standing.ts";
import type { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import type { Leaving } from "../sync/membership/leaving.ts";
import type { Messages } from "../sync/send/messages.ts";

/** How often everything is looked after while connected, in ms. */
const everyMs = 3_600_000;

/**
 * How old the device lists of the people in the conversations may be when a message has gone out, in ms. A
 * device that signed in since then can read neither that message nor what follows, until it is added.
 */
const listsFreshMs = 30_000;

interface Parts {
  leaving: Leaving;
  messages: Messages;
  maintenance: GroupMaintenance;
  /** The user should see that something went wrong. */
  report(error: unknown): void;
}

/** Background work for one signed-in device. What fails waits for the next epoch, connection or hour. */
export class Housekeeping {
  readonly #context: SyncContext;
  readonly #parts: Parts;
  #cancelHourly = () => {};
  #cancelFresh = () => {};
  #listsFresh = false;
  #listsFailed = false;
  #running = 0;
  #closed = false;

  constructor(context: SyncContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Whether background work is under way. */
  get busy(): boolean {
    return this.#running > 0;
  }

  close(): void {
    this.#closed = true;
    this.#cancelHourly();
    this.#cancelFresh();
  }

  /** The backlog of a connection is through. */
  caughtUp(): void {
    this.#listsFresh = false;
    this.#listsFailed = false;
    this.lookAfter();
  }

  /** The connection is over. */
  disconnected(): void {
    this.#cancelHourly();
  }

  /** Does all of it now, and every hour after. */
  lookAfter(): void {
    if (this.#closed) return;
    this.replenish();
    this.checkDevices();
    for (const { id } of this.#context.conversations.all()) {
      this.leaveAgain(id);
      this.#parts.maintenance.redo(id);
    }
    void this.#parts.messages.sweep().catch((error) => this.#parts.report(error));
    this.#cancelHourly();
    this.#cancelHourly = this.#context.environment.after(everyMs, () => this.lookAfter());
  }

  /** Looks for changed device lists, unless that was done a moment ago. */
  checkDevices(): void {
    if (this.#listsFresh) return;
    this.#listsFresh = true;
    this.#cancelFresh = this.#context.environment.after(listsFreshMs, () => {
      this.#listsFresh = false;
    });
    this.background(this.#parts.maintenance.checkDevices(), (error) => {
      this.#listsFresh = false;
      // A server that withholds device lists keeps revoked devices in: told once for each connection.
      if (!this.#listsFailed) this.#parts.report(error);
      this.#listsFailed = true;
    });
  }

  /** Asks once more to be removed, where the user wants to leave. */
  leaveAgain(chatId: string): void {
    if (this.#context.conversations.get(chatId)?.record.leaving) {
      this.background(this.#parts.leaving.leaveAgain(chatId));
    }
  }

  /** Uploads KeyPackages that the server lacks. */
  replenish(): void {
    this.background(this.#context.account.keyPackages.replenish());
  }

  /** Brings the list of channels into the vault. Invitations stay out: strangers could fill the vault with them. */
  keepVault(): void {
    this.background(this.#syncVault());
  }

  async #syncVault(): Promise<void> {
    const records = this.#context.conversations.all().map(({ record }) => record);
    const own = records.filter((record) => isIn(record) && isShown(record) && !record.invitation);
    await this.#context.account.vault.sync(own.map(({ channelId }) => channelId));
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

  /** Runs work that nothing waits for. @param failed by default nothing: the next time does it again */
  background(work: Promise<unknown>, failed: (error: unknown) => void = () => {}): void {
    this.#running++;
    void work.catch(failed).finally(() => this.#running--);
  }
}

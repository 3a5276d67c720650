/** The parts of the sync put together for one signed-in device: inbox, outbox, commits, people and upkeep on one connection. */

import { toHex } from "../../schema/bytes.ts";
import type { ChatSummary, EngineProblem, Progress, TimelineItem } from "../engine/api.ts";
import type { AccountContext } from "../account/types.ts";
import { engineError } from "../account/errors.ts";
import { createMls } from "../mls/group.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { Chats } from "./chats.ts";
import { Committer } from "./committer.ts";
import type { Environment } from "./environment.ts";
import { Inbox } from "./inbox.ts";
import type { TurnEnd } from "./link.ts";
import { Messages } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import { listen } from "./subscription.ts";
import type { InboxEvents, SyncContext } from "./sync_context.ts";
import { TrustWatch } from "./trust_watch.ts";
import { Upkeep } from "./upkeep.ts";

/** How often the stock of KeyPackages and the device lists are looked after while connected, in ms. */
const upkeepEveryMs = 3_600_000;

/** How old the device lists of the people in the chats may be when a message has gone out, in ms: a device that signed in since then can not read it, nor what follows, until it is added. */
const listsFreshMs = 30_000;

const catchingUpQuietMs = 200;

export interface SyncListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  chats(chats: ChatSummary[]): void;
  problem(problem: EngineProblem): void;
  progress(progress: Progress | undefined): void;
}

export class Sync {
  readonly chats: Chats;
  readonly people: People;
  readonly messages: Messages;
  readonly #context: SyncContext;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #committer: Committer;
  readonly #upkeep: Upkeep;
  readonly #listener: SyncListener;
  #cancelUpkeep: () => void = () => {};
  #listsFresh = false;
  #cancelFresh = () => {};
  #closed = false;

  private constructor(options: { account: AccountContext; store: SealedStore; environment: Environment; listener: SyncListener }) {
    const { account, store, environment, listener } = options;
    const trust = new TrustWatch(account.trust);
    const mls = createMls({ trust: trust.trust, isRevoked: account.isRevoked });
    const ownKey = toHex(account.accountKey);
    this.#listener = listener;
    this.chats = new Chats({ store, mls, own: { username: account.username, accountKey: ownKey }, listener });
    this.#context = { account, rpc: account.rpc, store, chats: this.chats, mls, trust, environment, ownKey, problem: (problem) => listener.problem(problem) };
    this.#committer = new Committer(this.#context);
    this.#outbox = new Outbox(this.#context, {
      blockedBy: (chatId) => this.#upkeep.isTainted(chatId) ? "commit" : undefined,
      unblock: (chatId) => void this.#upkeep.commitLeaves(chatId).catch(() => {}),
      sent: (chatId) => {
        this.#upkeep.sent(chatId);
        this.#checkDevices();
      },
    });
    this.people = new People(this.#context, this.#committer, this.#outbox);
    this.messages = new Messages(this.#context, this.#outbox);
    this.#upkeep = new Upkeep(this.#context, this.#committer, this.people);
    this.#inbox = new Inbox(this.#context, this.#events());
  }

  /** Reads what the device stores; makes no call. @throws StorageError */
  static async open(options: { account: AccountContext; store: SealedStore; environment: Environment; listener: SyncListener }): Promise<Sync> {
    const sync = new Sync(options);
    await Promise.all([sync.chats.load(), sync.#inbox.load(), sync.#outbox.load()]);
    return sync;
  }

  /**
   * One turn on a connection: listens until it ends.
   *
   * @param confirmed called when the server has answered
   */
  async listen(signal: AbortSignal, confirmed: () => void): Promise<TurnEnd> {
    const { account, rpc, environment } = this.#context;
    const caught = this.#catchingUp();
    try {
      return await listen({
        rpc,
        environment,
        recipientKey: account.recipientKey,
        cursor: () => this.#inbox.cursor,
        receive: async (entries) => {
          await this.#inbox.receive(entries);
          caught.advance(entries.length);
        },
        answered: () => {
          confirmed();
          this.#inbox.connected();
          this.#committer.connected();
          this.#outbox.connected();
        },
        caughtUp: () => {
          caught.end();
          this.#listsFresh = false;
          this.#lookAfter();
        },
        failed: (error) => this.#report(error),
      }, signal);
    } finally {
      caught.end();
      this.#cancelUpkeep();
    }
  }

  /** Tells how many entries have come, when the backlog is long. */
  #catchingUp(): { advance(entries: number): void; end(): void } {
    const startedMs = this.#context.environment.now();
    let done = 0;
    let state: "quiet" | "told" | "over" = "quiet";
    return {
      advance: (entries) => {
        done += entries;
        if (state === "over" || this.#context.environment.now() - startedMs < catchingUpQuietMs) return;
        state = "told";
        this.#listener.progress({ task: "catching-up", done });
      },
      end: () => {
        if (state === "told") this.#listener.progress(undefined);
        state = "over";
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#cancelUpkeep();
    this.#cancelFresh();
    this.#inbox.close();
    this.#outbox.close();
    this.#committer.close();
    this.#upkeep.close();
  }

  #events(): InboxEvents {
    return {
      epochChanged: (chatId) => {
        this.#outbox.kick(chatId);
        if (this.chats.get(chatId)?.record.leaving) void this.people.leaveAgain(chatId).catch((error) => this.#report(error));
      },
      commitMerged: (chatId) => {
        this.#committer.merged(chatId);
        // The first commit of a chat that this device made.
        if (this.chats.get(chatId)?.record.epoch === 1) this.#keepVault();
      },
      commitLost: (chatId) => this.#committer.lost(chatId),
      leaveProposed: (chatId) => this.#upkeep.leaveProposed(chatId),
      chatEnded: (chatId) => {
        this.#committer.ended(chatId);
        void this.#outbox.abandon(chatId, "E016").catch((error) => this.#report(error));
        this.#keepVault();
      },
      joined: () => {
        this.#replenish();
        this.#keepVault();
      },
    };
  }

  /** In the background, once the backlog is through and every hour after: what fails waits for the next time. */
  #lookAfter(): void {
    if (this.#closed) return;
    this.#replenish();
    this.#checkDevices();
    void this.messages.sweep().catch((error) => this.#report(error));
    this.#cancelUpkeep();
    this.#cancelUpkeep = this.#context.environment.after(upkeepEveryMs, () => this.#lookAfter());
  }

  /** Unless they were asked for a moment ago. */
  #checkDevices(): void {
    if (this.#listsFresh) return;
    this.#listsFresh = true;
    this.#cancelFresh = this.#context.environment.after(listsFreshMs, () => {
      this.#listsFresh = false;
    });
    void this.#upkeep.checkDevices().catch(() => {
      this.#listsFresh = false;
    });
  }

  #replenish(): void {
    void this.#context.account.keyPackages.replenish().catch(() => {});
  }

  #keepVault(): void {
    const channels = this.chats.all().filter(({ record }) => record.active && !record.hidden).map(({ record }) => record.channelId);
    void this.#context.account.vault.sync(channels).catch(() => {});
  }

  /** Lost connections are the link's to show; what else goes wrong is a problem that the user should see. */
  #report(error: unknown): void {
    const { problem } = engineError(error);
    if (!this.#closed && problem.code !== "L001" && problem.code !== "E040") this.#listener.problem(problem);
  }
}

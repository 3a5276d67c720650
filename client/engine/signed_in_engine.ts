/**
 * The parts of the sync put together for one signed-in device: inbox, outbox, commits, people and upkeep on
 * one connection.
 */

import { toHex } from "../../schema/bytes.ts";
import type { ChatSummary, Progress, TimelineItem } from "../api/engine_api.ts";
import type { EngineProblem } from "../api/errors.ts";
import type { AccountContext } from "../account/types.ts";
import { engineError } from "../account/errors.ts";
import { createMls } from "../mls/group.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { ConversationStore } from "../sync/conversation/conversation_store.ts";
import { Committer } from "../sync/commits/committer.ts";
import type { Environment } from "../runtime/environment.ts";
import { Ephemeral } from "../sync/send/ephemeral.ts";
import { RecoveryClient } from "../sync/recovery/recovery_client.ts";
import { Inbox } from "../sync/receive/inbox.ts";
import type { SessionEnd } from "../connection/connection_manager.ts";
import { Messages } from "../sync/send/messages.ts";
import { Outbox } from "../sync/send/outbox.ts";
import { People } from "../sync/membership/people.ts";
import { lookForRestore } from "../sync/recovery/restored.ts";
import { listen } from "../connection/subscription.ts";
import type { InboxEvents, SyncContext } from "../sync/conversation/sync_context.ts";
import { TrustWatch } from "../sync/membership/trust_watch.ts";
import { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import { isIn, isShown } from "../sync/conversation/standing.ts";

/** How often the stock of KeyPackages and the device lists are looked after while connected, in ms. */
const upkeepEveryMs = 3_600_000;

/**
 * How old the device lists of the people in the chats may be when a message has gone out, in ms: a device
 * that signed in since then can not read it, nor what follows, until it is added.
 */
const listsFreshMs = 30_000;

const catchingUpQuietMs = 200;

export interface SignedInEngineListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  reread(chatId: string): void;
  chats(chats: ChatSummary[]): void;
  problem(problem: EngineProblem): void;
  progress(progress: Progress | undefined): void;
  /** What waited on the server when this connection began is processed and on disk. */
  caughtUp(): void;
  typing(chatId: string, username: string): void;
}

/** Everything between groups and server for one signed-in device, on one connection at a time. */
export class SignedInEngine {
  readonly chats: ConversationStore;
  readonly people: People;
  readonly messages: Messages;
  readonly #context: SyncContext;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #committer: Committer;
  readonly #maintenance: GroupMaintenance;
  readonly #recovery: RecoveryClient;
  readonly #ephemeral: Ephemeral;
  readonly #listener: SignedInEngineListener;
  #cancelUpkeep: () => void = () => {};
  #listsFresh = false;
  #listsFailed = false;
  #cancelFresh = () => {};
  #unwatchPins = () => {};
  #inBackground = 0;
  #closed = false;

  private constructor(
    options: {
      account: AccountContext;
      store: SealedStore;
      environment: Environment;
      listener: SignedInEngineListener;
    },
  ) {
    const { account, store, environment, listener } = options;
    const trust = new TrustWatch(account.trust);
    const mls = createMls({ trust: trust.trust, isRevoked: account.isRevoked });
    const ownKey = toHex(account.accountKey);
    this.#listener = listener;
    this.chats = new ConversationStore({
      store,
      mls,
      own: { username: account.username, accountKey: ownKey },
      listener,
      environment,
    });
    this.#context = {
      account,
      rpc: account.rpc,
      store,
      conversations: this.chats,
      mls,
      trust,
      environment,
      ownKey,
      problem: (problem) => listener.problem(problem),
    };
    const suspect = (chatId: string, code: number) => this.#recovery.suspect(chatId, code);
    this.#committer = new Committer(this.#context, suspect);
    this.#outbox = new Outbox(this.#context, {
      blockedBy: async (chatId, members) => await this.#maintenance.isTainted(chatId, members) ? "commit" : undefined,
      requireUnchanged: (chatId) => this.messages.requireUnchanged(chatId),
      unblock: (chatId) => void this.#maintenance.commitLeaves(chatId).catch(() => {}),
      sent: (chatId) => {
        this.#maintenance.sent(chatId);
        this.#checkDevices();
      },
      suspect,
    });
    this.people = new People(this.#context, this.#committer, this.#outbox, (chatId) => this.#chatEnded(chatId));
    this.messages = new Messages(this.#context, this.#outbox);
    const events = this.#events();
    this.#recovery = new RecoveryClient(
      this.#context,
      this.#committer,
      this.people,
      () => events,
      () => this.#inbox.cursor,
    );
    this.#maintenance = new GroupMaintenance(
      this.#context,
      this.#committer,
      this.people,
      (chatId) => void this.#recovery.stateLost(chatId).catch((error) => this.#report(error)),
    );
    this.#inbox = new Inbox(this.#context, events);
    this.#ephemeral = new Ephemeral(this.#context, listener.typing);
  }

  /** Reads what the device stores; makes no call. @throws StorageError */
  static async open(
    options: {
      account: AccountContext;
      store: SealedStore;
      environment: Environment;
      listener: SignedInEngineListener;
    },
  ): Promise<SignedInEngine> {
    const sync = new SignedInEngine(options);
    await Promise.all([sync.chats.load(), sync.#inbox.load(), sync.#outbox.load()]);
    await sync.pinsChanged();
    sync.#unwatchPins = options.account.directory.watchPins(() =>
      void sync.pinsChanged().catch((error) => sync.#report(error))
    );
    return sync;
  }

  /**
   * One turn on a connection: listens until it ends.
   *
   * @param confirmed called when the server has answered
   */
  async listen(signal: AbortSignal, confirmed: () => void): Promise<SessionEnd> {
    const { account, rpc, environment } = this.#context;
    const caught = this.#catchingUp();
    try {
      return await listen({
        rpc,
        environment,
        recipientKey: account.recipientKey,
        cursor: () => this.#inbox.cursor,
        receive: async (entries) => {
          // Ephemeral ones have no place in the queue.
          const stored = entries.filter(({ seq }) => seq !== 0);
          if (stored.length > 0) await this.#inbox.receive(stored);
          for (const entry of entries) if (entry.seq === 0) await this.#ephemeral.receive(entry);
          caught.advance(entries.length);
        },
        answered: () => {
          confirmed();
          this.#inbox.connected();
          this.#committer.connected();
          this.#recovery.connected();
          this.#outbox.connected();
        },
        caughtUp: () => {
          caught.end();
          this.#listener.caughtUp();
          this.#listsFresh = false;
          this.#listsFailed = false;
          this.#background(
            lookForRestore(this.#context, {
              sayAgain: (chatId, said) => this.#outbox.resend(chatId, said),
              serverBehind: (chatId) => this.#recovery.serverBehind(chatId),
            }),
          );
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
    this.#unwatchPins();
    this.chats.close();
    this.#inbox.close();
    this.#outbox.close();
    this.#committer.close();
    this.#maintenance.close();
    this.#recovery.close();
  }

  /**
   * Acts at once on what the newest device lists of the people in the chats say: new devices come in, revoked
   * ones go.
   */
  checkDevices(): Promise<void> {
    return this.#maintenance.checkDevices();
  }

  /** Takes over what the user decided about keys: the marks of people, and what waited for the decision. */
  async pinsChanged(): Promise<void> {
    this.messages.pinsChanged();
    const { directory } = this.#context.account;
    const [known, pins] = [await directory.known(), await directory.pins()];
    const marked = known.filter(({ accountKey, verified, changedKey }) =>
      toHex(accountKey) !== this.#context.ownKey && (verified || changedKey)
    );
    const marks = new Map(
      marked.map((
        { accountKey, changedKey },
      ) => [toHex(accountKey), changedKey ? { keyChanged: true as const } : { verified: true as const }]),
    );
    const pinned = new Map(pins.map(({ username, accountKey }) => [username, toHex(accountKey)]));
    this.chats.mark(({ username, accountKey }) =>
      (pinned.get(username) ?? accountKey) === accountKey ? marks.get(accountKey) ?? {} : { keyReplaced: true }
    );
    for (const { id } of this.chats.all()) this.#outbox.flush(id);
  }

  /** The user has taken an account's other key. */
  keyAccepted(): Promise<void> {
    return this.#recovery.keyAccepted();
  }

  /**
   * Whether nothing of this device's waits for the server, and no work is under way or due that a group or
   * the account needs.
   */
  get isSettled(): boolean {
    return this.#inBackground === 0 && this.#outbox.waiting === 0 && !this.#maintenance.busy &&
      !this.chats.all().some(({ id }) => this.#committer.isBusy(id));
  }

  /**
   * Tells the others of a chat that something is being written there; once in a few seconds, and never later
   * than now.
   */
  typing(chatId: string): Promise<void> {
    return this.#ephemeral.typing(chatId);
  }

  #events(): InboxEvents {
    return {
      epochChanged: (chatId) => {
        this.#outbox.flush(chatId);
        this.#leaveAgain(chatId);
      },
      commitMerged: (chatId) => {
        this.#committer.merged(chatId);
        // The first commit of a chat that this device made.
        if (this.chats.get(chatId)?.record.epoch === 1) this.#keepVault();
      },
      commitLost: (chatId) => this.#committer.lost(chatId),
      leaveProposed: (chatId) => this.#maintenance.leaveProposed(chatId),
      chatEnded: (chatId) => this.#chatEnded(chatId),
      joined: (chatId) => {
        this.#recovery.healed(chatId);
        this.#committer.lost(chatId);
        this.#outbox.flush(chatId);
        this.#replenish();
        this.#keepVault();
        this.#leaveAgain(chatId);
      },
      broken: (chatId) => {
        this.#committer.lost(chatId);
        this.#recovery.broken(chatId);
      },
      rolledBack: (chatId) => void this.#recovery.rolledBack(chatId).catch((error) => this.#report(error)),
      serverDiffers: (chatId) => this.#maintenance.serverDiffers(chatId),
      lineChanged: (chatId, order, isDeleted) => this.#outbox.lineChanged(chatId, order, isDeleted),
      direct: (entry) => void this.#recovery.receive(entry),
      welcomeLost: (entry) => this.#recovery.welcomeLost(entry),
      successorRefused: (chatId, channelId) => this.#recovery.successorRefused(chatId, channelId),
      moved: (chatId, said) => {
        this.#recovery.healed(chatId);
        this.#committer.lost(chatId);
        this.#outbox.resend(chatId, said);
        this.#maintenance.redo(chatId);
        this.#keepVault();
        this.#leaveAgain(chatId);
      },
    };
  }

  #chatEnded(chatId: string): void {
    this.#committer.ended(chatId);
    void this.#outbox.abandon(chatId, "E016").catch((error) => this.#report(error));
    this.#keepVault();
  }

  /** What fails waits for the next epoch or connection. */
  #leaveAgain(chatId: string): void {
    if (this.chats.get(chatId)?.record.leaving) this.#background(this.people.leaveAgain(chatId));
  }

  /** In the background, once the backlog is through and every hour after: what fails waits for the next time. */
  #lookAfter(): void {
    if (this.#closed) return;
    this.#replenish();
    this.#checkDevices();
    for (const { id } of this.chats.all()) {
      this.#leaveAgain(id);
      this.#maintenance.redo(id);
    }
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
    this.#background(this.#maintenance.checkDevices(), (error) => {
      this.#listsFresh = false;
      // A server that withholds device lists keeps revoked devices in: said once for each connection.
      if (!this.#listsFailed) this.#report(error);
      this.#listsFailed = true;
    });
  }

  #replenish(): void {
    this.#background(this.#context.account.keyPackages.replenish());
  }

  /** Invitations are not in it: strangers could fill it with them. */
  #keepVault(): void {
    const channels = this.chats.all().filter(({ record }) => isIn(record) && isShown(record) && !record.invitation).map(
      ({ record }) => record.channelId,
    );
    this.#background(this.#context.account.vault.sync(channels));
  }

  #background(work: Promise<unknown>, failed: (error: unknown) => void = () => {}): void {
    this.#inBackground++;
    void work.catch(failed).finally(() => this.#inBackground--);
  }

  /** Lost connections are the link's to show; what else goes wrong is a problem that the user should see. */
  #report(error: unknown): void {
    const { problem } = engineError(error);
    if (!this.#closed && problem.code !== "L001" && problem.code !== "E040") this.#listener.problem(problem);
  }
}

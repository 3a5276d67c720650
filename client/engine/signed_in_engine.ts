/**
 * Assembles the parts of the sync for one signed-in device, on one connection at a time. Reactions to events
 * are in reactions.ts, background work is in housekeeping.ts.
 */

import { toHex } from "../../schema/bytes.ts";
import { engineError } from "../account/errors.ts";
import type { AccountContext } from "../account/types.ts";
import type { ChatSummary, Progress, TimelineItem } from "../api/engine_api.ts";
import type { EngineProblem } from "../api/errors.ts";
import type { SessionEnd } from "../connection/connection_manager.ts";
import { listen } from "../connection/subscription.ts";
import { createMls } from "../mls/group.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { Committer } from "../sync/commits/committer.ts";
import { createConversationEvents } from "../sync/conversation/conversation_events.ts";
import { ConversationStore } from "../sync/conversation/conversation_store.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import { KeyPackageFetch } from "../sync/membership/key_package_fetch.ts";
import { Leaving } from "../sync/membership/leaving.ts";
import { Membership } from "../sync/membership/membership.ts";
import { TrustWatch } from "../sync/membership/trust_watch.ts";
import { Inbox } from "../sync/receive/inbox.ts";
import { RecoveryClient } from "../sync/recovery/recovery_client.ts";
import { dealWithRestore, newRestore, type Restore } from "../sync/recovery/restored.ts";
import { createReplacement } from "../sync/reinit/create_replacement.ts";
import { Ephemeral } from "../sync/send/ephemeral.ts";
import { Messages } from "../sync/send/messages.ts";
import { Outbox } from "../sync/send/outbox.ts";
import { CatchingUp } from "./catching_up.ts";
import { Housekeeping } from "./housekeeping.ts";
import { react } from "./reactions.ts";

/** Listens to events of conversations and to the progress of this device's work. */
export interface SignedInEngineListener {
  timeline(chatId: string, items: TimelineItem[]): void;
  /** The last reported items of a conversation may not be on this device after all. */
  reread(chatId: string): void;
  chats(chats: ChatSummary[]): void;
  problem(problem: EngineProblem): void;
  progress(progress: Progress | undefined): void;
  /** The backlog of this connection is processed and on disk. */
  caughtUp(): void;
  typing(chatId: string, username: string): void;
}

/** The parts of a signed-in engine. */
export interface SignedInEngineOptions {
  account: AccountContext;
  store: SealedStore;
  environment: Environment;
  listener: SignedInEngineListener;
}

/** Everything between groups and server for one signed-in device. */
export class SignedInEngine {
  readonly chats: ConversationStore;
  readonly membership: Membership;
  readonly leaving: Leaving;
  readonly messages: Messages;
  readonly #context: SyncContext;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #committer: Committer;
  readonly #maintenance: GroupMaintenance;
  readonly #recovery: RecoveryClient;
  readonly #ephemeral: Ephemeral;
  readonly #housekeeping: Housekeeping;
  readonly #listener: SignedInEngineListener;
  #unwatchPins = () => {};
  #closed = false;

  private constructor(options: SignedInEngineOptions) {
    const context = contextOf(options);
    const report = (error: unknown) => this.#report(error);
    this.#context = context;
    this.#listener = options.listener;
    this.chats = context.conversations;
    this.#committer = new Committer(context);
    this.#outbox = new Outbox(context, {
      blockedBy: async (chatId, members) =>
        await this.#maintenance.hasRevokedMember(chatId, members) ? "commit" : undefined,
      requireUnchanged: (chatId) => this.messages.requireUnchanged(chatId),
    });
    const keyPackages = new KeyPackageFetch(context);
    this.leaving = new Leaving(context, this.#committer, this.#outbox);
    this.membership = new Membership(context, {
      committer: this.#committer,
      outbox: this.#outbox,
      keyPackages,
      leaving: this.leaving,
    });
    this.messages = new Messages(context, this.#outbox);
    this.#recovery = new RecoveryClient(
      context,
      this.#committer,
      (chatId, reason) => createReplacement(context, this.#committer, keyPackages, chatId, reason),
      () => this.#inbox.cursor,
    );
    this.#maintenance = new GroupMaintenance(
      context,
      { committer: this.#committer, membership: this.membership, keyPackages },
      (chatId) => void this.#recovery.breakOff(chatId, "state-lost").catch(report),
    );
    this.#inbox = new Inbox(context, (message) => void this.#recovery.receive(message));
    this.#ephemeral = new Ephemeral(context, options.listener.typing);
    this.#housekeeping = new Housekeeping(context, {
      leaving: this.leaving,
      messages: this.messages,
      maintenance: this.#maintenance,
      report,
    });
    react(context.events, {
      conversations: context.conversations,
      outbox: this.#outbox,
      committer: this.#committer,
      maintenance: this.#maintenance,
      recovery: this.#recovery,
      housekeeping: this.#housekeeping,
      report,
    });
  }

  /** Reads what the device stores; makes no call. @throws StorageError */
  static async open(options: SignedInEngineOptions): Promise<SignedInEngine> {
    const engine = new SignedInEngine(options);
    await Promise.all([engine.chats.load(), engine.#inbox.load(), engine.#outbox.load()]);
    await engine.pinsChanged();
    engine.#unwatchPins = options.account.directory.watchPins(() =>
      void engine.pinsChanged().catch((error) => engine.#report(error))
    );
    return engine;
  }

  /**
   * Listens on one connection until it ends.
   *
   * @param confirmed called when the server has answered
   */
  async listen(signal: AbortSignal, confirmed: () => void): Promise<SessionEnd> {
    const { account, rpc, environment } = this.#context;
    const backlog = new CatchingUp(() => environment.now(), (progress) => this.#listener.progress(progress));
    let restore: Promise<Restore | undefined> = Promise.resolve(undefined);
    let over = false;
    const sendWaiting = () => {
      if (!over) this.#sendWaiting();
    };
    this.#outbox.disconnected();
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
          backlog.advance(entries.length);
        },
        answered: () => {
          confirmed();
          this.#inbox.connected();
          this.#recovery.connected();
          restore = newRestore(this.#context).catch(() => undefined);
          void restore.then((found) => found ?? sendWaiting());
        },
        caughtUp: () => {
          backlog.end();
          this.#listener.caughtUp();
          this.#housekeeping.background(
            restore.then((found) => found && this.#dealWithRestore(found).finally(sendWaiting)),
          );
          this.#housekeeping.caughtUp();
        },
        failed: (error) => this.#report(error),
      }, signal);
    } finally {
      over = true;
      backlog.end();
      this.#housekeeping.disconnected();
    }
  }

  /**
   * Sends the waiting messages, once this device knows that the server was not restored, or else where its
   * groups stand. A restored server may be in another epoch with the same number as a lost one. It would
   * accept a message sealed in the lost epoch, and no member could open it (docs/decisions/023).
   */
  #sendWaiting(): void {
    if (this.#closed) return;
    this.#committer.connected();
    this.#outbox.connected();
  }

  #dealWithRestore(restore: Restore): Promise<void> {
    return dealWithRestore(this.#context, restore, {
      resend: (chatId, messages) => this.#outbox.resend(chatId, messages),
      serverBehind: (chatId) => this.#recovery.breakOff(chatId, "server-behind"),
    });
  }

  close(): void {
    this.#closed = true;
    this.#unwatchPins();
    this.#housekeeping.close();
    this.chats.close();
    this.#inbox.close();
    this.#outbox.close();
    this.#committer.close();
    this.#maintenance.close();
    this.#recovery.close();
  }

  /**
   * Applies the newest device lists of the people in the conversations at once: adds new devices, removes
   * revoked ones.
   */
  checkDevices(): Promise<void> {
    return this.#maintenance.checkDevices();
  }

  /**
   * Applies the user's decisions about keys: the marks of people, and the messages that waited for the
   * decision.
   */
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

  /** The user has accepted an account's changed key. */
  keyAccepted(): Promise<void> {
    return this.#recovery.keyAccepted();
  }

  /**
   * Whether no message of this device waits for the server, and no work is in progress or due that a group or
   * the account needs.
   */
  get isSettled(): boolean {
    return !this.#housekeeping.busy && this.#outbox.waiting === 0 && !this.#maintenance.busy &&
      !this.chats.all().some(({ id }) => this.#committer.isBusy(id));
  }

  /**
   * Tells the others of a conversation that this user is typing, at most once in a few seconds, and never
   * later.
   */
  typing(chatId: string): Promise<void> {
    return this.#ephemeral.typing(chatId);
  }

  /** The connection's state shows lost connections. Any other error is a problem that the user should see. */
  #report(error: unknown): void {
    const { problem } = engineError(error);
    if (!this.#closed && problem.code !== "L001" && problem.code !== "E040") this.#listener.problem(problem);
  }
}

function contextOf({ account, store, environment, listener }: SignedInEngineOptions): SyncContext {
  const trust = new TrustWatch(account.trust);
  const mls = createMls({ trust: trust.trust, isRevoked: account.isRevoked });
  const ownKey = toHex(account.accountKey);
  const own = { username: account.username, accountKey: ownKey };
  return {
    account,
    rpc: account.rpc,
    store,
    conversations: new ConversationStore({ store, mls, own, listener, environment }),
    events: createConversationEvents(),
    mls,
    trust,
    environment,
    ownKey,
    problem: (problem) => listener.problem(problem),
  };
}

/**
 * The parts of the sync put together for one signed-in device, on one connection at a time. Which part acts on
 * which event is in event_wiring.ts, what runs in the background in housekeeping.ts.
 */

import { type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { engineError, isDisconnection } from "../account/errors.ts";
import { type Opening, ProfileMarks } from "../account/profile_marks.ts";
import type { ChatSummary } from "../api/engine_api.ts";
import type { SessionEnd } from "../connection/connection_manager.ts";
import { listen } from "../connection/subscription.ts";
import { Committer } from "../sync/commits/committer.ts";
import { ChatChoices } from "../sync/conversation/chat_choices.ts";
import type { ConversationStore } from "../sync/conversation/conversation_store.ts";
import { ExpiredRecords } from "../sync/conversation/expired_records.ts";
import { History } from "../sync/conversation/history.ts";
import { desyncOf, isIn } from "../sync/conversation/standing.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { DeviceNotices } from "../sync/membership/device_notices.ts";
import { GroupMaintenance } from "../sync/membership/group_maintenance.ts";
import { GroupSettings } from "../sync/membership/group_settings.ts";
import { KeyPackageFetch } from "../sync/membership/key_package_fetch.ts";
import { LeafRenewal } from "../sync/membership/leaf_renewal.ts";
import { Leaving } from "../sync/membership/leaving.ts";
import { OthersAdditions } from "../sync/membership/others_additions.ts";
import { Membership } from "../sync/membership/membership.ts";
import { Inbox } from "../sync/receive/inbox.ts";
import { RecoveryClient } from "../sync/recovery/recovery_client.ts";
import { createReplacement } from "../sync/reinit/create_replacement.ts";
import { Ephemeral } from "../sync/send/ephemeral.ts";
import { Outbox } from "../sync/send/outbox.ts";
import { ResendAlone } from "../sync/send/resend_alone.ts";
import { AwaitedChats } from "./awaited_chats.ts";
import { CatchingUp } from "./catching_up.ts";
import { memberMarks } from "./member_marks.ts";
import { PeopleService } from "./people_service.ts";
import { Housekeeping } from "./housekeeping.ts";
import { react } from "./event_wiring.ts";
import { type Sending, sendWhenSafe } from "./safe_sending.ts";
import { Writing } from "./writing.ts";
import { contextOf, type SignedInEngineListener, type SignedInEngineOptions } from "./signed_in_context.ts";

/** Everything between groups and server for one signed-in device. */
export class SignedInEngine {
  readonly conversations: ConversationStore;
  readonly membership: Membership;
  readonly settings: GroupSettings;
  readonly leaving: Leaving;
  readonly history: History;
  readonly choices: ChatChoices;
  readonly writing: Writing;
  readonly awaited: AwaitedChats;
  readonly people: PeopleService;
  readonly #context: SyncContext;
  readonly inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #alone: ResendAlone;
  readonly #committer: Committer;
  readonly #maintenance: GroupMaintenance;
  readonly #additions: OthersAdditions;
  readonly #renewal: LeafRenewal;
  readonly #recovery: RecoveryClient;
  readonly #ephemeral: Ephemeral;
  readonly #housekeeping: Housekeeping;
  readonly #notices: DeviceNotices;
  readonly #marks: ProfileMarks;
  readonly #listener: SignedInEngineListener;
  #unwatchPins = () => {};
  #closed = false;

  private constructor(options: SignedInEngineOptions) {
    const { listener } = options;
    const shown = { ...listener, chats: (chats: ChatSummary[]) => listener.chats(this.people.shown(chats)) };
    const context = contextOf({ ...options, listener: shown });
    const report = (error: unknown) => this.#report(error);
    this.#context = context;
    this.#marks = new ProfileMarks(context.store);
    this.#listener = options.listener;
    this.conversations = context.conversations;
    this.#committer = new Committer(context);
    this.#outbox = new Outbox(context, {
      blockedBy: async (chatId, members) =>
        await this.#maintenance.hasRevokedMember(chatId, members) ? "commit" : undefined,
      requireUnchanged: (chatId) => this.writing.messages.requireUnchanged(chatId),
    });
    this.#alone = new ResendAlone(context, this.#outbox);
    const keyPackages = new KeyPackageFetch(context);
    this.leaving = new Leaving(context, this.#committer, this.#outbox);
    this.membership = new Membership(context, { committer: this.#committer, keyPackages, leaving: this.leaving });
    this.settings = new GroupSettings(context, this.#committer);
    const changed = () => listener.people();
    this.people = new PeopleService(context, { membership: this.membership, keyPackages, changed });
    this.writing = new Writing(context, this.#outbox, options, report);
    this.history = new History(context, this.writing.disappearing, (key) => this.people.isBlocked(key));
    this.choices = new ChatChoices(context);
    context.events.on("erased", (chatId) => options.listener.reread(chatId));
    this.#recovery = new RecoveryClient(
      context,
      this.#committer,
      (chatId, reason, below) => createReplacement(context, this.#committer, keyPackages, chatId, reason, below),
      () => this.inbox.cursor,
      (chatId) => this.#outbox.maySend(chatId),
    );
    this.#maintenance = new GroupMaintenance(
      context,
      { committer: this.#committer, membership: this.membership, keyPackages },
      {
        stateLost: (chatId) => void this.#recovery.fallOutOfStep(chatId, "state-lost").catch(report),
        damaged: (chatId) => void this.#recovery.damaged(chatId).catch(report),
      },
    );
    this.#additions = new OthersAdditions(context, this.membership);
    this.#renewal = new LeafRenewal(context, this.#committer);
    this.inbox = new Inbox(context, (message) => void this.#recovery.receive(message));
    this.#ephemeral = new Ephemeral(context, options.listener.typing);
    this.awaited = new AwaitedChats(context, options.listener.awaited);
    this.#housekeeping = new Housekeeping(context, {
      leaving: this.leaving,
      expired: new ExpiredRecords(context),
      maintenance: this.#maintenance,
      additions: this.#additions,
      renewal: this.#renewal,
      awaited: this.awaited,
      report,
    });
    this.#notices = new DeviceNotices(context, {
      giveTurn: (chatId, accountKey, turn) => this.#maintenance.giveTurn(chatId, accountKey, turn),
      looked: (chatIds) => this.#maintenance.looked(chatIds),
      ownChanged: () => {
        this.#housekeeping.background(this.#housekeeping.readVault());
        this.people.noticed(() => this.#housekeeping.background(this.people.look()));
      },
    });
    react(context.events, {
      conversations: context.conversations,
      outbox: this.#outbox,
      alone: this.#alone,
      committer: this.#committer,
      maintenance: this.#maintenance,
      additions: this.#additions,
      renewal: this.#renewal,
      recovery: this.#recovery,
      housekeeping: this.#housekeeping,
      writing: this.writing,
      report,
    });
  }

  /** Reads what the device stores; makes no call. @throws StorageError */
  static async open(options: SignedInEngineOptions): Promise<SignedInEngine> {
    const engine = new SignedInEngine(options);
    const { drafts } = engine.#context;
    await Promise.all([engine.conversations.load(), engine.inbox.load(), engine.#outbox.load(), drafts.load()]);
    await engine.writing.load();
    await engine.pinsChanged();
    engine.awaited.look();
    engine.writing.disappearing.look();
    const changed = () => void engine.pinsChanged().catch((error) => engine.#report(error));
    const unwatch = [
      options.account.directory.watchPins(changed),
      options.account.settings.watch(() => {
        changed();
        engine.people.settingsChanged(options.listener.reread);
        engine.writing.settingsChanged();
        options.listener.people();
      }),
    ];
    engine.#unwatchPins = () => unwatch.forEach((end) => end());
    return engine;
  }

  /**
   * Listens on one connection until it ends.
   *
   * @param confirmed called when the server has answered
   */
  async listen(signal: AbortSignal, confirmed: () => void): Promise<SessionEnd> {
    const context = this.#context;
    const { account, rpc, environment } = context;
    const backlog = new CatchingUp(() => environment.now(), (progress) => this.#listener.progress(progress));
    const caughtUp = Promise.withResolvers<void>();
    const over = new AbortController();
    let opening: Opening | undefined;
    try {
      return await listen({
        rpc,
        environment,
        recipientKey: account.recipientKey,
        cursor: () => this.inbox.cursor,
        opening: async () => opening = await this.#marks.next(),
        copied: async () => {
          await this.#recovery.copied();
          // Not before: else an engine that ends meanwhile would not be told again.
          await this.#marks.confirm(opening!);
        },
        receive: async (entries) => {
          // Ephemeral ones have no place in the queue.
          const stored = entries.filter(({ seq }) => seq !== 0);
          if (stored.length > 0) await this.inbox.receive(stored);
          for (const entry of entries.filter(({ seq }) => seq === 0)) await this.#receiveEphemeral(entry);
          backlog.advance(entries.length);
        },
        answered: async ({ held, copied }) => {
          if (!copied) await this.#marks.confirm(opening!);
          confirmed();
          this.inbox.connected();
          this.#recovery.connected();
          const connection = { caughtUp: caughtUp.promise, over: over.signal, held, copied };
          this.#housekeeping.background(sendWhenSafe(context, this.#sending(), connection));
        },
        restart: () => this.inbox.restart(),
        caughtUp: () => {
          backlog.end();
          this.#listener.caughtUp();
          caughtUp.resolve();
          this.#recovery.caughtUp();
          this.#housekeeping.caughtUp();
          this.#housekeeping.background(this.people.look());
        },
        failed: (error) => this.#report(error),
      }, signal);
    } finally {
      over.abort();
      caughtUp.resolve();
      // At once: what is published while the next connection is made would go out before its answer to `health`.
      this.#outbox.disconnected();
      this.writing.disconnected();
      this.#committer.disconnected();
      backlog.end();
      this.#housekeeping.disconnected();
    }
  }

  /** Tells the server that this engine, which another one has displaced, still has its profile. @throws WireError */
  contest(): Promise<void> {
    return this.#marks.contest(this.#context.rpc, this.#context.account.recipientKey);
  }

  #sending(): Sending {
    return {
      connected: () => {
        this.#committer.connected();
        this.#outbox.connected();
        this.writing.connected();
        this.#housekeeping.background(this.#alone.connected());
      },
      resend: (chatId, messages) => this.#outbox.resend(chatId, messages),
      leftUnseen: (chatId) => this.#recovery.leftUnseen(chatId),
      serverBehind: (chatId) => this.#recovery.fallOutOfStep(chatId, "server-behind"),
      putAccountAgain: () => this.#housekeeping.putAccountAgain(),
      report: (error) => this.#report(error),
      isClosed: () => this.#closed,
    };
  }

  async #receiveEphemeral(entry: Entry): Promise<void> {
    if (entry.kind !== EntryKind.DEVICES) return await this.#ephemeral.receive(entry);
    // Nothing behind it waits for the look at that account.
    this.#housekeeping.background(this.#notices.receive(entry));
  }

  close(): void {
    this.#closed = true;
    this.people.close();
    this.#unwatchPins();
    this.#housekeeping.close();
    this.conversations.close();
    this.inbox.close();
    this.#outbox.close();
    this.writing.close();
    this.#alone.close();
    this.#committer.close();
    this.#maintenance.close();
    this.#additions.close();
    this.#renewal.close();
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
    this.writing.messages.pinsChanged();
    this.conversations.mark(await memberMarks(this.#context, this.writing.faces));
    for (const { id } of this.conversations.all()) this.#outbox.flush(id);
  }

  /** The chats that are shown, newest activity first. */
  summaries(): ChatSummary[] {
    return this.people.shown(this.conversations.summaries());
  }

  /** The user has accepted an account's changed key. */
  keyAccepted(): Promise<void> {
    return this.#recovery.keyAccepted();
  }

  /** How many messages of this device wait for the server. */
  get unsent(): number {
    return this.#outbox.waiting;
  }

  /**
   * Whether no message of this device waits for the server, and no work is in progress or due that a group or
   * the account needs.
   */
  get isSettled(): boolean {
    return !this.#housekeeping.busy && this.#outbox.waiting === 0 && !this.writing.busy &&
      !this.#maintenance.busy &&
      !this.#additions.busy && !this.#renewal.busy && !this.#recovery.busy &&
      !this.conversations.all().some(({ id }) => this.#committer.isBusy(id));
  }

  /**
   * `outOfStep`: the ids of conversations that this device can not follow until members help it. `busy`: whether help,
   * for this device or another, is being asked for or carried out.
   */
  get recovery(): { outOfStep: string[]; busy: boolean } {
    const all = this.conversations.all();
    return {
      outOfStep: all.filter(({ record }) => isIn(record) && desyncOf(record)).map(({ id }) => id),
      busy: this.#recovery.busy || all.some(({ id }) => this.#committer.isBusy(id)),
    };
  }

  /** Tells the others of a conversation that this user is typing, at most once in a few seconds. */
  typing(chatId: string): Promise<void> {
    return this.#ephemeral.typing(chatId);
  }

  /** Keeps what was begun in a chat; "" for nothing. @throws EngineError L011; StorageError */
  keepDraft(chatId: string, text: string): Promise<void> {
    return this.#context.drafts.keep(chatId, text);
  }

  /** The connection's state shows lost connections. Any other error is a problem that the user should see. */
  #report(error: unknown): void {
    if (!this.#closed && !isDisconnection(error)) this.#listener.problem(engineError(error).problem);
  }
}

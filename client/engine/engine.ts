/** The engine: the {@link EngineApi} over one profile of this device. Everything outside is handed in. */

import { fromHex, toHex } from "../../schema/bytes.ts";
import type {
  AccountState,
  ChatChange,
  ChatSummary,
  ConnectionState,
  DeviceInfo,
  EngineApi,
  ExportPart,
  MessageInfo,
  MessageRef,
  PrivacySettings,
  ReceiptMarks,
  SafetyNumber,
  SearchOptions,
  SearchResult,
  TimelinePage,
  TimelinePlace,
  TimelineStretch,
} from "../api/engine_api.ts";
import type { PasswordJudgement } from "../api/password_judgement.ts";
import { judgePassword, suggestPassphrase } from "../account/sign_in/password.ts";
import { pause } from "../runtime/clock.ts";
import { markVerified, safetyNumberWith, usernameOf } from "./key_verification.ts";
import { MessageCalls } from "./message_calls.ts";
import { type EngineOptions, Profile } from "./profile.ts";
import { withProgress } from "./progress.ts";

export type { EngineOptions } from "./profile.ts";

const settledLookMs = 25;

/**
 * The whole client behind one interface: account, groups, messages and connection. A profile has one engine
 * at a time.
 */
export class Engine extends MessageCalls implements EngineApi {
  readonly #profile: Profile;

  private constructor(profile: Profile) {
    super(profile);
    this.#profile = profile;
  }

  /**
   * Takes the profile over (an engine that had it before can write no more). Resumes it from storage alone,
   * so the history is available without a network.
   *
   * @throws EngineError L005
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const profile = new Profile(options);
    await profile.open();
    return new Engine(profile);
  }

  /** Ends the connection and closes the storage. Unsent messages stay on disk for the next engine. */
  async close(): Promise<void> {
    await this.#profile.close();
  }

  createAccount(username: string, password: string, inviteCode?: string): Promise<{ recoveryCode: string }> {
    return this.#profile.guarded(async () => {
      await this.#profile.free();
      const result = await this.#profile.accounts.createAccount(username, password, inviteCode);
      await this.#profile.begin();
      return result;
    });
  }

  signIn(username: string, password: string): Promise<void> {
    return this.#profile.guarded(async () => {
      await this.#profile.free();
      await this.#profile.accounts.signIn(username, password);
      await this.#profile.begin();
    });
  }

  signOut(): Promise<void> {
    return this.#profile.guarded(() => this.#profile.signOut());
  }

  account(): Promise<AccountState> {
    return Promise.resolve(this.#profile.accounts.state);
  }

  connection(): Promise<ConnectionState> {
    return Promise.resolve(this.#profile.connection.state);
  }

  chats(): Promise<ChatSummary[]> {
    return Promise.resolve(this.#profile.signedIn?.summaries() ?? []);
  }

  awaitedChats(): Promise<number> {
    return Promise.resolve(this.#profile.signedIn?.awaited.count ?? 0);
  }

  findPeople(text: string): Promise<string[]> {
    return this.#profile.guarded(async () => {
      const wanted = text.trim().toLowerCase();
      if (wanted === "") return [];
      const found = await this.#profile.context().directory.search(wanted);
      return [...new Set([...found, ...this.#profile.requireSignedIn().people.people.beginningWith(wanted)])];
    });
  }

  startChat(usernames: string[], groupName?: string): Promise<string> {
    return this.#profile.guarded(async () => {
      const signedIn = this.#profile.online();
      const chatId = await this.#withProgress(
        "creating-chat",
        (advance) => signedIn.membership.startChat(usernames, groupName, advance),
      );
      await signedIn.choices.bringBack(chatId);
      return chatId;
    });
  }

  addPeople(chatId: string, usernames: string[]): Promise<void> {
    return this.#profile.guarded(async () => {
      const signedIn = this.#profile.online();
      await this.#withProgress("adding-people", (advance) => signedIn.membership.addPeople(chatId, usernames, advance));
    });
  }

  removePerson(chatId: string, username: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().membership.removePerson(chatId, username));
  }

  renameChat(chatId: string, name: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().membership.rename(chatId, name));
  }

  setTimer(chatId: string, timerMs: number | undefined): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().settings.setTimer(chatId, timerMs));
  }

  describeChat(chatId: string, description: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().settings.describe(chatId, description));
  }

  setRole(chatId: string, username: string, role: "admin" | "member"): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().membership.setRole(chatId, username, role));
  }

  typing(chatId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().typing(chatId));
  }

  leaveChat(chatId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().leaving.leave(chatId));
  }

  acceptInvitation(chatId: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().membership.accept(chatId));
  }

  keepDraft(chatId: string, text: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().keepDraft(chatId, text));
  }

  timeline(chatId: string, before?: string, limit?: number): Promise<TimelinePage> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().history.page(chatId, before, limit));
  }

  timelineAround(chatId: string, place: TimelinePlace, limit?: number): Promise<TimelineStretch> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().history.around(chatId, place, limit));
  }

  timelineAfter(chatId: string, after: string, limit?: number): Promise<TimelineStretch> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().history.after(chatId, after, limit));
  }

  search(query: string, options?: SearchOptions): Promise<SearchResult> {
    return this.#profile.guarded(() => {
      this.#profile.requireSignedIn();
      return this.#profile.searching.find(query, options);
    });
  }

  /** Resolves when every message is in the index of the search, for callers that do one thing and end. */
  searchable(): Promise<void> {
    return this.#profile.guarded(() => this.#profile.searching.complete());
  }

  markRead(chatId: string, upTo: string, since?: string): Promise<void> {
    return this.#profile.guarded(async () => {
      const { history, writing } = this.#profile.requireSignedIn();
      await history.markRead(chatId, upTo, since);
      writing.receipts.due(chatId);
    });
  }

  receiptMarks(chatId: string): Promise<ReceiptMarks> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.receipts.marks(chatId));
  }

  messageInfo(chatId: string, message: MessageRef): Promise<MessageInfo | undefined> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.receipts.info(chatId, message));
  }

  privacy(): Promise<PrivacySettings> {
    return this.#profile.guarded(() => {
      const { readReceipts, typing } = this.#profile.requireSignedIn().writing.receipts.privacy;
      return Promise.resolve({ readReceipts, typing });
    });
  }

  changePrivacy(change: Partial<PrivacySettings>): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().writing.receipts.changePrivacy(change));
  }

  changeChat(chatId: string, change: ChatChange): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().choices.change(chatId, change));
  }

  movePinned(chatId: string, before?: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().choices.movePinned(chatId, before));
  }

  deleteChat(chatId: string): Promise<void> {
    const giveUp = () => this.#profile.requireSignedIn().writing.files.cancelAll(chatId);
    return this.#profile.guarded(() => this.#profile.requireSignedIn().choices.delete(chatId).then(giveUp));
  }

  /**
   * Resolves once a connection was made and its backlog is processed and on disk. For callers that do one
   * thing and end, like the CLI.
   *
   * @param signal ends the wait: rejects with its reason
   */
  async synced(signal: AbortSignal): Promise<void> {
    await this.#profile.backlog.processed(signal);
  }

  /**
   * Resolves when no message of this device waits for the server, and no work is due that its groups need,
   * such as committing a leave.
   *
   * @param signal ends the wait: rejects with its reason
   */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.#profile.signedIn && !this.#profile.signedIn.isSettled) {
      await pause(this.#profile.environment, settledLookMs, signal);
      signal.throwIfAborted();
    }
  }

  /**
   * @returns the chats that this device can not follow until a member's device helps it, and whether help, for this
   *   device or another, is being asked for or carried out
   */
  async recovery(): Promise<{ outOfStep: ChatSummary[]; busy: boolean }> {
    const { outOfStep, busy } = this.#profile.signedIn?.recovery ?? { outOfStep: [], busy: false };
    return { outOfStep: (await this.chats()).filter(({ chatId }) => outOfStep.includes(chatId)), busy };
  }

  /**
   * @param accountKey 32 bytes as hex
   * @returns the account's username by the directory, or undefined
   * @throws EngineError L001 offline
   */
  usernameOf(accountKey: string): Promise<string | undefined> {
    return this.#profile.guarded(() => usernameOf(this.#profile.context(), fromHex(accountKey)));
  }

  devices(): Promise<DeviceInfo[]> {
    return this.#profile.guarded(() => this.#profile.accounts.devices());
  }

  revokeDevice(deviceId: string, password: string): Promise<void> {
    return this.#profile.guarded(async () => {
      const own = this.#profile.accounts.context;
      await this.#profile.accounts.revokeDevice(deviceId, password);
      if (own && toHex(own.deviceId) === deviceId) return await this.signOut();
      // The other members will do this anyway; this device does it at once where it can.
      await this.#profile.signedIn?.checkDevices();
    });
  }

  changePassword(oldPassword: string, newPassword: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.accounts.changePassword(oldPassword, newPassword));
  }

  deleteAccount(password: string): Promise<void> {
    return this.#profile.guarded(() => this.#profile.deleteAccount(password));
  }

  exportPart(from?: string): Promise<ExportPart> {
    return this.#profile.guarded(() => this.#profile.exportPart(from));
  }

  newRecoveryCode(password: string): Promise<{ recoveryCode: string }> {
    return this.#profile.guarded(() => this.#profile.accounts.newRecoveryCode(password));
  }

  recover(username: string, recoveryCode: string, newPassword: string): Promise<{ recoveryCode: string }> {
    return this.#profile.guarded(async () => {
      await this.#profile.free();
      const result = await this.#profile.accounts.recover(username, recoveryCode, newPassword);
      await this.#profile.begin();
      return result;
    });
  }

  judgePassword(password: string, username: string): Promise<PasswordJudgement> {
    return this.#profile.guarded(() => judgePassword(password, username));
  }

  suggestPassphrase(username: string): Promise<string> {
    return this.#profile.guarded(() => suggestPassphrase(username));
  }

  safetyNumber(username: string): Promise<SafetyNumber> {
    return this.#profile.guarded(() => safetyNumberWith(this.#profile.context(), username));
  }

  setVerified(username: string, accountKey: string, verified: boolean): Promise<void> {
    return this.#profile.guarded(() => markVerified(this.#profile.context(), username, accountKey, verified));
  }

  acceptChangedKey(username: string, accountKey: string): Promise<void> {
    return this.#profile.guarded(async () => {
      const signedIn = this.#profile.online();
      await this.#profile.context().directory.acceptChangedKey(username, fromHex(accountKey));
      await signedIn.keyAccepted();
    });
  }

  useHere(): Promise<void> {
    return this.#profile.guarded(() => Promise.resolve(this.#profile.connection.takeBack()));
  }

  wake(): Promise<void> {
    this.#profile.connection.wake();
    return Promise.resolve();
  }

  #withProgress<T>(
    task: "creating-chat" | "adding-people",
    work: (advance: (done: number, total: number) => void) => Promise<T>,
  ): Promise<T> {
    const { environment } = this.#profile;
    return withProgress(environment, task, (progress) => this.#profile.tell({ kind: "progress", progress }), work);
  }
}

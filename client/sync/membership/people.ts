/**
 * Who is in a chat: starting chats, adding and removing people, leaving. Decides plans; the committer carries
 * them out.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { codeName, ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import type { KnownAccount } from "../../account/types.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { parseKeyPackage } from "../../mls/group.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { pause } from "../../runtime/clock.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import type { Outbox } from "../send/outbox.ts";
import type { ChatRecord, CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn, isMember, isShown } from "../conversation/standing.ts";
import { prepareCommit } from "../commits/commit_builder.ts";

/** Accounts that one request may bring in. */
const maxPeople = 500;
/** Calls of one request that are under way at once: the server counts an account's calls by the second. */
const callsAtOnce = 8;
/** How often one call is made before its E005 is the user's to see. */
const triesAtMost = 20;

/** Who is in a chat: decides what is to be done; the committer does it. */
export class People {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #outbox: Outbox;

  /** @param ended is told of a chat that this device has left without anybody's commit */
  constructor(context: SyncContext, committer: Committer, outbox: Outbox) {
    this.#context = context;
    this.#committer = committer;
    this.#outbox = outbox;
  }

  /**
   * @param onProgress KeyPackages fetched so far, of how many accounts
   * @returns the chatId, once the commit that makes the chat was accepted
   * @throws EngineError
   */
  async startChat(
    usernames: string[],
    groupName: string | undefined,
    onProgress: (done: number, total: number) => void,
  ): Promise<string> {
    const { account, conversations: chats } = this.#context;
    // A group may begin with its founder alone; a chat of two needs somebody.
    const wanted = usernames.length === 0 && groupName !== undefined ? [] : this.#wanted(usernames);
    const kind = wanted.length === 1 && groupName === undefined ? "direct" : "group";
    const people = await this.#lookUp(wanted);
    if (kind === "direct") {
      const existing = this.#directWith(toHex(people[0].accountKey));
      if (existing) return existing;
    }
    const add = await this.#keyPackages(people, onProgress, true);
    const channelId = crypto.getRandomValues(new Uint8Array(32));
    const nowMs = account.clock.now();
    const state = await this.#context.mls.createGroup({
      channelId,
      keyPackage: await account.keyPackages.forOwnGroup(),
      info: { name: groupName ?? "", kind, createdMs: nowMs },
    });
    const record: ChatRecord = {
      v: 1,
      channelId,
      firstChannelId: channelId,
      kind,
      name: groupName ?? "",
      members: [],
      ...(kind === "direct" && { peer: { username: people[0].username, accountKey: toHex(people[0].accountKey) } }),
      invitation: false,
      standing: { kind: "pending" },
      leaving: false,
      unread: 0,
      activityMs: nowMs,
      nextOrder: 0,
      epoch: 0,
      epochSinceMs: nowMs,
      ownSent: 0,
      commits: [],
    };
    await chats.update(async (unit) => {
      const conversation = await unit.create(record);
      conversation.start(state);
      await prepareCommit(this.#context, conversation, { purpose: "create", add, remove: [] }, 0);
    });
    const chatId = toHex(channelId);
    await this.#committer.sendPrepared(chatId);
    return chatId;
  }

  /** @throws EngineError */
  async addPeople(
    chatId: string,
    usernames: string[],
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    const chat = this.#active(chatId);
    if (chat.kind === "direct") {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "a chat of two has no room for others" });
    }
    const people = await this.#lookUp(this.#wanted(usernames));
    const missing = people.filter(({ accountKey }) =>
      !chat.members.some((member) => member.accountKey === toHex(accountKey))
    );
    if (missing.length === 0) return;
    const add = await this.#keyPackages(missing, onProgress, false);
    await this.#committer.carryOut(chatId, () => ({ purpose: "add", add, remove: [] }));
  }

  /** @throws EngineError */
  async removePerson(chatId: string, username: string): Promise<void> {
    const member = this.#active(chatId).members.find((candidate) => candidate.username === username);
    if (!member) throw new EngineError({ code: LocalCode.noSuchUser, detail: `${username} is not in the chat` });
    if (member.accountKey === this.#context.ownKey) return await this.leave(chatId);
    await this.#committer.carryOut(
      chatId,
      (conversation) => removalOf(conversation, ({ credential }) => toHex(credential.accountKey) === member.accountKey),
    );
  }

  /**
   * A new name, by an admin.
   *
   * @throws EngineError L019 for a member that is no admin, L011 for a name over 200 characters
   */
  async rename(chatId: string, name: string): Promise<void> {
    const chat = this.#active(chatId);
    const wanted = name.trim();
    if (chat.kind === "direct" || wanted === "") {
      throw new EngineError({
        code: LocalCode.notAllowed,
        detail: "a chat of two has no name, and a group needs one",
      });
    }
    if (wanted.length > 200) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: "a name of at most 200 characters" });
    }
    await this.#committer.carryOut(chatId, () => ({ purpose: "info", add: [], remove: [], name: wanted }));
  }

  /**
   * Makes an account admin, or a member again.
   *
   * @throws EngineError L019 for a member that is no admin and for the last admin, L004
   */
  async setRole(chatId: string, username: string, role: "admin" | "member"): Promise<void> {
    const member = this.#active(chatId).members.find((candidate) => candidate.username === username);
    if (!member) throw new EngineError({ code: LocalCode.noSuchUser, detail: `${username} is not in the chat` });
    await this.#committer.carryOut(
      chatId,
      () => ({ purpose: "info", add: [], remove: [], roles: { [member.accountKey]: role } }),
    );
  }

  /**
   * The last admin that leaves makes the longest-standing other account admin first: leaves fill the tree
   * from the left, so that is the one with the lowest leaf.
   */
  async #promoteHeir(chatId: string): Promise<void> {
    const { ownKey } = this.#context;
    await this.#committer.carryOut(chatId, (conversation) => {
      const others = conversation.members().filter(({ credential }) => toHex(credential.accountKey) !== ownKey);
      const own = conversation.members().find(({ credential }) => toHex(credential.accountKey) === ownKey);
      if (own?.role !== "admin" || others.length === 0 || others.some(({ role }) => role === "admin")) return undefined;
      return { purpose: "info", add: [], remove: [], roles: { [toHex(others[0].credential.accountKey)]: "admin" } };
    });
  }

  /**
   * Asks the others to take this device out: only another member's commit can (specification §3.2). The account's
   * other devices go first, by an own commit. A device that can not follow the group asks once it was helped
   * ({@link leaveAgain}), or the others would keep it; asked once more meanwhile, it is out for itself.
   *
   * @throws EngineError
   */
  async leave(chatId: string): Promise<void> {
    const chat = this.#active(chatId);
    if (chat.leaving && !desyncOf(chat)) return;
    if (!desyncOf(chat)) await this.#prepareToLeave(chatId);
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !isIn(conversation.record)) return;
      if (!desyncOf(conversation.record)) await this.#askToLeave(unit, conversation);
      else if (chat.leaving) this.#leaveAlone(unit, conversation);
      else conversation.set({ leaving: true });
    });
  }

  /**
   * Where this device wants to leave: asks, if it does not stand already that it does. A commit that went
   * past the request has made it void, and a device that could not follow the group has not asked yet.
   *
   * @throws EngineError
   */
  async leaveAgain(chatId: string): Promise<void> {
    const { conversations: chats } = this.#context;
    const isDue = (record: Readonly<ChatRecord> | undefined) =>
      record !== undefined && isIn(record) && record.leaving && !desyncOf(record);
    if (!isDue(chats.get(chatId)?.record)) return;
    await this.#prepareToLeave(chatId);
    await chats.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (conversation && isDue(conversation.record)) await this.#askToLeave(unit, conversation);
    });
  }

  async #prepareToLeave(chatId: string): Promise<void> {
    const { account, conversations: chats, ownKey } = this.#context;
    if (chats.get(chatId)?.record.members.every(({ accountKey }) => accountKey === ownKey)) return;
    await this.#promoteHeir(chatId);
    await this.#committer.carryOut(
      chatId,
      (conversation) =>
        removalOf(
          conversation,
          ({ credential, recipientKey }) =>
            toHex(credential.accountKey) === ownKey && !equalBytes(recipientKey, account.recipientKey),
        ),
    );
  }

  #leaveAlone(unit: UnitOfWork, conversation: ConversationTransaction): void {
    const { account } = this.#context;
    conversation.notice("left", { who: account.username, self: "1" }, account.clock.now());
    conversation.end();
    unit.afterCommit(() => this.#context.events.emit("ended", conversation.id));
  }

  async #askToLeave(unit: UnitOfWork, conversation: ConversationTransaction): Promise<void> {
    // Nobody is there to commit it.
    if (conversation.members().length <= 1) return this.#leaveAlone(unit, conversation);
    const { state } = conversation;
    const stands = this.#outbox.isLeaving(conversation.id) ||
      (state && this.#context.mls.pendingLeaves(state).some(({ leafIndex }) => leafIndex === state.ownLeafIndex));
    conversation.set({ leaving: true });
    if (stands) return;
    const messageId = toHex(crypto.getRandomValues(new Uint8Array(16)));
    await this.#outbox.enqueue(unit, conversation, {
      messageId,
      order: conversation.reservePlace(),
      kind: "leave",
      content: new Uint8Array(),
    });
  }

  async accept(chatId: string): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) throw new EngineError({ code: LocalCode.notInChat, detail: "there is no such chat" });
      if (!conversation.record.invitation) return;
      conversation.set({ invitation: false, needsAcceptance: undefined });
      unit.afterCommit(() => this.#outbox.flush(conversation.id));
    });
  }

  /**
   * One KeyPackage for each device of these accounts, the own account's other devices included.
   *
   * @throws EngineError
   */
  async #keyPackages(
    people: KnownAccount[],
    onProgress: (done: number, total: number) => void,
    withOwn: boolean,
  ): Promise<CommitPlan["add"]> {
    const { account } = this.#context;
    // A device that signed in a moment ago belongs into what begins now.
    if (withOwn) await account.directory.refresh([account.accountKey]).catch(() => {});
    const own = withOwn ? await account.directory.byKey(account.accountKey) : undefined;
    const ownOthers =
      own?.devices.devices.filter(({ recipientKey }) => !equalBytes(recipientKey, account.recipientKey)) ?? [];
    let done = 0;
    const wanted = people.map((person) => ({ person, devices: person.devices.devices }));
    if (own && ownOthers.length > 0) wanted.push({ person: own, devices: ownOthers });
    onProgress(done, people.length);
    const fetched = await this.#withRateLimitRetry(wanted, async ({ person, devices }) => {
      const packages = await this.fetch(person, devices);
      onProgress(Math.min(++done, people.length), people.length);
      return packages;
    });
    return fetched.flat();
  }

  /** @param devices which of the account's */
  async fetch(
    { accountKey, username }: KnownAccount,
    devices: KnownAccount["devices"]["devices"],
  ): Promise<CommitPlan["add"]> {
    const { keyPackages } = await this.#context.rpc.call(authentication.fetchKeyPackage, {
      accountKey,
      deviceIds: devices.map(({ deviceId }) => deviceId),
    });
    const found = await Promise.all(
      keyPackages.map(async ({ keyPackage }) => ({
        keyPackage,
        recipientKey: (await parseKeyPackage(keyPackage)).recipientKey,
      })),
    );
    // The signed device list says which devices there are; the server may neither leave one out nor bring one in.
    const complete = devices.every((device) =>
      found.some(({ recipientKey }) => equalBytes(recipientKey, device.recipientKey))
    );
    if (!complete || found.length !== devices.length) {
      throw new EngineError({
        code: LocalCode.badAnswer,
        detail: `the KeyPackages of ${username} are not those of its devices`,
      });
    }
    return found;
  }

  #wanted(usernames: string[]): string[] {
    const { account } = this.#context;
    const wanted = [...new Set(usernames)].filter((username) => username !== account.username);
    if (wanted.length === 0) throw new EngineError({ code: LocalCode.noSuchUser, detail: "nobody to talk to" });
    if (wanted.length > maxPeople) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: `at most ${maxPeople} people at once` });
    }
    return wanted;
  }

  async #lookUp(usernames: string[]): Promise<KnownAccount[]> {
    return await this.#withRateLimitRetry(
      usernames,
      (username) => this.#context.account.directory.byUsername(username),
    );
  }

  /** Calls for many people, a few at a time; what the server puts off (E005) is asked again when it says. */
  async #withRateLimitRetry<T, R>(items: T[], ask: (item: T) => Promise<R>): Promise<R[]> {
    const { environment } = this.#context;
    return await mapWithConcurrency(items, callsAtOnce, async (item) => {
      for (let tries = 1;; tries++) {
        try {
          return await ask(item);
        } catch (error) {
          const waitMs = putOffMs(error);
          if (waitMs === undefined || tries === triesAtMost) throw error;
          await pause(environment, waitMs + waitMs * environment.random(), new AbortController().signal);
        }
      }
    });
  }

  #directWith(accountKey: string): string | undefined {
    return this.#context.conversations.all().find(({ record }) =>
      record.kind === "direct" && isMember(record) &&
      record.peer?.accountKey === accountKey &&
      record.members.every((member) => member.accountKey === accountKey || member.accountKey === this.#context.ownKey)
    )?.id;
  }

  #active(chatId: string): Readonly<ChatRecord> {
    const chat = this.#context.conversations.get(chatId);
    if (!chat || !isIn(chat.record) || !isShown(chat.record)) {
      throw new EngineError({ code: LocalCode.notInChat, detail: "this device is not in the chat" });
    }
    return chat.record;
  }
}

/** @returns after how many ms the server wants to be asked again, or undefined for any other error */
function putOffMs(error: unknown): number | undefined {
  if (error instanceof WireError && error.code === ErrorCode.rateLimited) return error.retryAfterMs;
  if (error instanceof EngineError && error.problem.code === codeName(ErrorCode.rateLimited)) {
    return error.problem.retryAfterMs ?? 0;
  }
  return undefined;
}

function removalOf(
  conversation: ConversationTransaction,
  which: (member: ReturnType<ConversationTransaction["members"]>[number]) => boolean,
): CommitPlan | undefined {
  const remove = conversation.members().filter(which).map(({ recipientKey }) => recipientKey);
  return remove.length > 0 ? { purpose: "remove", add: [], remove } : undefined;
}

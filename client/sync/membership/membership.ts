/** The members of a conversation: starts conversations, adds and removes people, changes name and roles. */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { maxGroupName } from "../../api/profiles_api.ts";
import { requireVisible } from "../../content/visible_text.ts";
import type { KnownAccount } from "../../account/types.ts";
import type { Committer } from "../commits/committer.ts";
import { planError } from "../commits/commit_plan.ts";
import { noticeNotAdded } from "../commits/usable_adds.ts";
import { accept } from "../conversation/acceptance.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isMember } from "../conversation/standing.ts";
import { buildFromPlan } from "../commits/commit_builder.ts";
import { activeRecord } from "./active_record.ts";
import { isAdmin } from "./admins.ts";
import type { KeyPackageFetch, Missing } from "./key_package_fetch.ts";
import type { Leaving } from "./leaving.ts";
import { removalOf } from "./removal_plan.ts";

/** How many accounts one request may add. */
const maxPeople = 500;

/** Makes plans at the user's request; the committer carries them out. */
export class Membership {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #keyPackages: KeyPackageFetch;
  readonly #leaving: Leaving;

  constructor(
    context: SyncContext,
    parts: { committer: Committer; keyPackages: KeyPackageFetch; leaving: Leaving },
  ) {
    this.#context = context;
    this.#committer = parts.committer;
    this.#keyPackages = parts.keyPackages;
    this.#leaving = parts.leaving;
  }

  /**
   * @param onProgress gets the number of fetched accounts, and of all accounts
   * @param channelId of the new chat, 32 bytes
   * @returns the chatId, after the server accepted the commit that makes the chat
   * @throws EngineError L026 for a name that is too long, L032 (nothing to see), L027 for too many people, L004 …
   */
  async startChat(
    usernames: string[],
    groupName: string | undefined,
    onProgress: (done: number, total: number) => void,
    channelId: Bytes = crypto.getRandomValues(new Uint8Array(32)),
  ): Promise<string> {
    const { account, conversations } = this.#context;
    if (groupName !== undefined) requireName(groupName);
    // A group may start with its founder alone; a chat of two needs another account.
    const wanted = usernames.length === 0 && groupName !== undefined ? [] : wantedOf(this.#context, usernames);
    const kind = wanted.length === 1 && groupName === undefined ? "direct" : "group";
    const people = await this.#keyPackages.lookUp(wanted);
    if (kind === "direct") {
      const existing = this.directWith(toHex(people[0].accountKey));
      if (existing) return existing;
    }
    const { add, without } = await this.#keyPackages.ofAccounts(people, onProgress, true);
    requireSomebody(people, without);
    const nowMs = account.clock.now();
    const state = await this.#context.mls.createGroup({
      channelId,
      keyPackage: await account.keyPackages.forOwnGroup(),
      info: { name: groupName ?? "", kind, createdMs: nowMs },
    });
    const record: ConversationRecord = {
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
    await conversations.update(async (unit) => {
      const conversation = await unit.create(record);
      conversation.start(state);
      await buildFromPlan(this.#context, conversation, { purpose: "create", add, remove: [] }, 0);
    }).catch((error) => {
      throw planError(error);
    });
    const chatId = toHex(channelId);
    await this.#committer.sendBuilt(chatId);
    await this.#noteNotAdded(chatId, without);
    return chatId;
  }

  /** @throws EngineError */
  async addPeople(
    chatId: string,
    usernames: string[],
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    const record = activeRecord(this.#context, chatId);
    if (record.kind === "direct") {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "a chat of two has no room for others" });
    }
    const { notes } = this.#context.account.settings.content;
    if (notes && equalBytes(record.firstChannelId, notes)) {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "the note to self has no room for others" });
    }
    const people = await this.#keyPackages.lookUp(wantedOf(this.#context, usernames));
    const missing = people.filter(({ accountKey }) =>
      !record.members.some((member) => member.accountKey === toHex(accountKey))
    );
    if (missing.length === 0) return;
    const { add, without } = await this.#keyPackages.ofAccounts(missing, onProgress, false);
    requireSomebody(missing, without);
    await this.#committer.commit(chatId, () => ({ purpose: "add", add, remove: [] }));
    await this.#noteNotAdded(chatId, without);
  }

  async #noteNotAdded(chatId: string, people: Missing[]): Promise<void> {
    if (people.length === 0) return;
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) return;
      const nowMs = this.#context.account.clock.now();
      const namesOf = (some: Missing[]) => some.map(({ username }) => username);
      noticeNotAdded(conversation, namesOf(people.filter(({ invitedOnly }) => !invitedOnly)), nowMs);
      const invitedOnly = namesOf(people.filter((person) => person.invitedOnly));
      for (const who of invitedOnly) conversation.notice("invited-only", { who }, nowMs);
    });
  }

  /** @throws EngineError */
  async removePerson(chatId: string, username: string): Promise<void> {
    const member = activeRecord(this.#context, chatId).members.find((candidate) => candidate.username === username);
    if (!member) throw new EngineError({ code: LocalCode.noSuchUser, detail: `${username} is not in the chat` });
    if (member.accountKey === this.#context.ownKey) return await this.#leaving.leave(chatId);
    if (await this.#removedLater(chatId, username)) return;
    await this.#committer.commit(
      chatId,
      (conversation) => removalOf(conversation, ({ credential }) => toHex(credential.accountKey) === member.accountKey),
    );
  }

  /**
   * In a group that nobody can follow no commit can be made. The removal by an admin is noted: the replacement channel
   * leaves the person out, or the person is removed once this device can follow again.
   *
   * @returns whether that is so
   */
  async #removedLater(chatId: string, username: string): Promise<boolean> {
    const { conversations, events, ownKey } = this.#context;
    return await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !desyncOf(conversation.record) || !isAdmin(conversation.record, ownKey)) return false;
      const { kind, redo = { add: [], remove: [] } } = conversation.record;
      if (kind === "direct") return false;
      const [add, remove] = [redo.add, redo.remove].map((names) => names.filter((name) => name !== username));
      conversation.set({ redo: { add, remove: [...remove, username] } });
      unit.onceStored(() => events.emit("fellOutOfStep", chatId));
      return true;
    });
  }

  /**
   * Renames a group, by an admin.
   *
   * @throws EngineError L019 for a member that is no admin, L026 for a name that is too long, L032
   */
  async rename(chatId: string, name: string): Promise<void> {
    const record = activeRecord(this.#context, chatId);
    const wanted = name.trim();
    if (record.kind === "direct") {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "a chat of two has no name" });
    }
    requireName(wanted);
    await this.#committer.commit(chatId, () => ({ purpose: "info", add: [], remove: [], name: wanted }));
  }

  /**
   * Makes an account admin, or a member again.
   *
   * @throws EngineError L019 for a member that is no admin and for the last admin, L004
   */
  async setRole(chatId: string, username: string, role: "admin" | "member"): Promise<void> {
    const member = activeRecord(this.#context, chatId).members.find((candidate) => candidate.username === username);
    if (!member) throw new EngineError({ code: LocalCode.noSuchUser, detail: `${username} is not in the chat` });
    await this.#committer.commit(
      chatId,
      () => ({ purpose: "info", add: [], remove: [], roles: { [member.accountKey]: role } }),
    );
  }

  /** Accepts an invitation: what waited for that goes out. @throws EngineError L010 where there is no such chat */
  async accept(chatId: string): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) throw new EngineError({ code: LocalCode.notInChat, detail: "there is no such chat" });
      accept(this.#context, unit, conversation);
    });
  }

  /** @param accountKey hex @returns the chat of two with that account, if there is one */
  directWith(accountKey: string): string | undefined {
    return this.#context.conversations.all().find(({ record }) =>
      record.kind === "direct" && isMember(record) &&
      record.peer?.accountKey === accountKey &&
      record.members.every((member) => member.accountKey === accountKey || member.accountKey === this.#context.ownKey)
    )?.id;
  }
}

/** Before anything is built: members refuse the state of a group with a longer name. @throws EngineError L026, L032 */
function requireName(name: string): void {
  requireVisible(name, "a name");
  if (name.length > maxGroupName) {
    throw new EngineError({ code: LocalCode.nameTooLong, detail: `a name of at most ${maxGroupName} characters` });
  }
}

/** Of some people no device can be added. The others are, if there are any. @throws EngineError L024; WireError E026 */
function requireSomebody(people: KnownAccount[], without: Missing[]): void {
  if (without.length === 0 || without.length < people.length) return;
  const { invitedOnly } = without.find((person) => person.invitedOnly) ?? {};
  if (invitedOnly) throw invitedOnly;
  const names = without.map(({ username }) => username).join(", ");
  throw new EngineError({ code: LocalCode.badKeyPackage, detail: `no device of ${names} can be added` });
}

/**
 * @returns the names without repeats and without the own one
 * @throws EngineError L004 where no name is left, L027 for too many names
 */
function wantedOf({ account }: SyncContext, usernames: string[]): string[] {
  const wanted = [...new Set(usernames)].filter((username) => username !== account.username);
  if (wanted.length === 0) throw new EngineError({ code: LocalCode.noSuchUser, detail: "nobody to talk to" });
  if (wanted.length > maxPeople) {
    throw new EngineError({ code: LocalCode.tooManyPeople, detail: `at most ${maxPeople} people at once` });
  }
  return wanted;
}

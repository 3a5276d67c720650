/** What the account decides about other people: whom it hears, whom it reports, and its note to self. */

import { type Bytes, equalBytes, fromHex, toHex, utf8 } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { maxBlocked } from "../account/settings/settings_content.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { ContactPolicy, PeopleSettings } from "../api/people_api.ts";
import { contentOf } from "../sync/conversation/message_line.ts";
import { acquaintances } from "../sync/conversation/projection.ts";
import { type ConversationRecord, keys, type LineRecord } from "../sync/conversation/records.ts";
import { isIn, isShown } from "../sync/conversation/standing.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import type { Membership } from "../sync/membership/membership.ts";

/** Bytes of a report, as the server takes it. */
const maxReportBytes = 64 * 1024;
const maxRecent = 50;
/** The name of the group, for members that know no note to self: the account's devices of earlier versions. */
const notesName = "Note to self";
/** How long a device waits for a note to self that another one has made, or is just making, in ms. */
const notesComeMs = 10_000;

/** The account's settings about people, for one signed-in device. */
export class People {
  readonly #context: SyncContext;
  readonly #membership: Membership;

  constructor(context: SyncContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** See `PeopleApi.peopleSettings`. */
  settings(): PeopleSettings {
    const { policy, blocked } = this.#context.account.settings.content;
    return { policy, blocked: blocked.map((person) => ({ ...person, accountKey: toHex(person.accountKey) })) };
  }

  /** See `PeopleApi.setContactPolicy`. @throws EngineError */
  async setPolicy(policy: ContactPolicy): Promise<void> {
    await this.#context.account.settings.change((content) => ({ ...content, policy }));
  }

  /** See `PeopleApi.block`. @throws EngineError L004 for an unknown name and the own one; L047 */
  async block(username: string): Promise<void> {
    const { account } = this.#context;
    const accountKey = await this.#keyOf(username);
    const sinceMs = account.clock.now();
    await account.settings.change((content) => {
      if (content.blocked.some((person) => equalBytes(person.accountKey, accountKey))) return undefined;
      if (content.blocked.length >= maxBlocked) {
        throw new EngineError({ code: LocalCode.tooManyBlocked, detail: `${maxBlocked} people are blocked already` });
      }
      const blocked = [...content.blocked, { accountKey, username, sinceMs }];
      const guests = content.guests.filter((guest) => !equalBytes(guest.accountKey, accountKey));
      return { ...content, blocked, guests };
    });
  }

  /** See `PeopleApi.unblock`. @throws EngineError */
  async unblock(accountKey: string): Promise<void> {
    await this.#context.account.settings.change((content) => ({
      ...content,
      blocked: content.blocked.filter((person) => toHex(person.accountKey) !== accountKey),
    }));
  }

  /** See `PeopleApi.report`. @throws EngineError L004, L011, E005 */
  async report(
    { username, reason, chatId, orders = [] }: { username: string; reason: string; chatId?: string; orders?: string[] },
  ): Promise<void> {
    const accountKey = await this.#keyOf(username);
    const messages = [];
    for (const order of chatId === undefined ? [] : [...new Set(orders)].sort()) {
      const line = await this.#context.store.get<LineRecord>("messages", keys.line(chatId!, order));
      if (line?.kind !== "message") continue;
      messages.push({ from: line.sender, at: new Date(line.atMs).toISOString(), text: contentOf(line).text });
    }
    const text = JSON.stringify({ v: 1, about: username, reason, messages }, undefined, 2);
    if (utf8(text).length > maxReportBytes) {
      throw new EngineError({ code: LocalCode.tooLarge, detail: `a report of at most ${maxReportBytes} bytes` });
    }
    await this.#context.rpc.call(authentication.report, { accountKey, text });
  }

  /** See `PeopleApi.recentPeople`. */
  recent(): string[] {
    const { account, conversations, ownKey } = this.#context;
    const chats = conversations.all().map(({ record }) => record)
      .filter((record) => isShown(record) && !record.invitation)
      .sort((a, b) => Number(b.kind === "direct") - Number(a.kind === "direct") || b.activityMs - a.activityMs);
    const names = chats.flatMap(({ peer, members }) => [...(peer ? [peer] : []), ...members])
      .filter(({ accountKey }) => accountKey !== ownKey && !account.settings.isBlocked(accountKey))
      .map(({ username }) => username);
    return [...new Set(names)].slice(0, maxRecent);
  }

  /** @returns people of the chats whose names begin with a text and are longer */
  beginningWith(text: string): string[] {
    return this.recent().filter((username) => username.startsWith(text) && username !== text);
  }

  /**
   * See `PeopleApi.noteToSelf`. The settings name the chat before it is made: of two devices that do this at once one
   * makes it, and the other one gets it.
   *
   * @throws EngineError
   */
  async noteToSelf(): Promise<string> {
    const { settings } = this.#context.account;
    await settings.sync();
    const known = await this.#notesToCome();
    if (known !== undefined) return known;
    const { notes: missing } = settings.content;
    const channelId = crypto.getRandomValues(new Uint8Array(32));
    await settings.change((content) => {
      const isMissing = String(content.notes) === String(missing);
      return isMissing ? { ...content, notes: channelId } : undefined;
    });
    // Another device was faster. Where its chat does not come, all begins anew.
    if (!this.isNotes({ firstChannelId: channelId })) return await this.#notesToCome() ?? await this.noteToSelf();
    return await this.#membership.startChat([], notesName, () => {}, channelId);
  }

  /** @returns the note to self, once this device is in it; undefined where it has left it, or it comes too late */
  async #notesToCome(): Promise<string | undefined> {
    const { account, conversations, environment, events } = this.#context;
    const known = this.#notesChat();
    const isGone = conversations.all().some(({ record }) => this.isNotes(record));
    if (known !== undefined || !account.settings.content.notes || isGone) return known;
    const come = Promise.withResolvers<string | undefined>();
    const ends = events.on("joined", () => {
      const chatId = this.#notesChat();
      if (chatId !== undefined) come.resolve(chatId);
    });
    const cancel = environment.after(notesComeMs, () => come.resolve(undefined));
    return await come.promise.finally(() => {
      ends();
      cancel();
    });
  }

  /** Whether a chat is the account's note to self. */
  isNotes({ firstChannelId }: Pick<ConversationRecord, "firstChannelId">): boolean {
    const { notes } = this.#context.account.settings.content;
    return notes !== undefined && equalBytes(firstChannelId, notes);
  }

  /**
   * Whether an invitation is not shown: from a blocked person, or from somebody who may not begin a chat with the
   * account. Who is known from a chat needs no invitation, but from a device that is revoked, and who came by a link
   * needs none. What leads back into a chat that the account had taken is shown, whoever it is from.
   */
  isHidden(record: Readonly<ConversationRecord>): boolean {
    if (!record.invitation || record.inviter === undefined || record.onOtherDevices || !isIn(record)) return false;
    const { account: { settings }, conversations } = this.#context;
    if (settings.isBlocked(record.inviter)) return true;
    if (settings.content.policy === "everybody" || record.taken) return false;
    return !record.inviterRevoked || !acquaintances(conversations.all()).has(record.inviter);
  }

  #notesChat(): string | undefined {
    return this.#context.conversations.all().find(({ record }) => isIn(record) && this.isNotes(record))?.id;
  }

  /** The key that is pinned for a name, or else the directory's. @throws EngineError L004 */
  async #keyOf(username: string): Promise<Bytes> {
    const { account, conversations, ownKey } = this.#context;
    const member = conversations.all().flatMap((
      { record },
    ) => [...(record.peer ? [record.peer] : []), ...record.members])
      .find((member) => member.username === username);
    const accountKey = member ? fromHex(member.accountKey) : (await account.directory.byUsername(username)).accountKey;
    if (toHex(accountKey) === ownKey) {
      throw new EngineError({ code: LocalCode.noSuchUser, detail: "this is the own account" });
    }
    return accountKey;
  }
}

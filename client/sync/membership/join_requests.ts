/**
 * Requests by the account's invite links (specification §9.3). Who opened a contact link becomes a guest: the chat that
 * they begin is no invitation. Who opened a link into a group is let in, or waits for an answer.
 *
 * Any device of the link's maker may carry a request out, and two may do it at once: adding somebody twice is adding
 * once, and a request ends once.
 */

import { type Bytes, concat, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import { linkKeys, openJoinRequest } from "../../account/links/join_request.ts";
import { maxAnsweredBytes, maxGuests, type SharedLink } from "../../account/settings/settings_content.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { JoinRequestInfo } from "../../api/people_api.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { accept } from "../conversation/acceptance.ts";
import type { Conversation } from "../conversation/conversation_transaction.ts";
import { isIn, isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isAdmin } from "./admins.ts";
import type { Membership } from "./membership.ts";

/** How long the chat of a guest is awaited. */
const guestForMs = 30 * 24 * 3_600_000;
/** Bytes of an account key in `SharedLink.answered`. */
const prefixBytes = 8;

interface Waiting extends JoinRequestInfo {
  id: number;
  secret: Bytes;
}

/** Looks at requests, and keeps those that wait for the user. */
export class JoinRequests {
  readonly #context: SyncContext;
  readonly #membership: Membership;
  readonly #changed: () => void;
  readonly #looking = new SingleFlight();
  readonly #ended = new Set<number>();
  #waiting: Waiting[] = [];

  /** @param changed called when the requests that wait for the user are others */
  constructor(context: SyncContext, membership: Membership, changed: () => void) {
    this.#context = context;
    this.#membership = membership;
    this.#changed = changed;
  }

  /** The requests that wait for the user, the oldest first. */
  get waiting(): JoinRequestInfo[] {
    return this.#waiting.map(({ id: _id, secret: _secret, ...info }) => info);
  }

  /** Reads what waits on the server, and does what needs no answer. @throws EngineError, WireError, TransportError */
  async look(): Promise<void> {
    if (this.#context.account.settings.content.links.length === 0) return;
    await this.#looking.run("", () => this.#look());
  }

  /** See `PeopleApi.answerJoinRequest`. @throws EngineError */
  async answer(requestId: string, letIn: boolean): Promise<void> {
    const request = this.#waiting.find((request) => request.requestId === requestId);
    if (!request) return;
    if (letIn) await this.#membership.addPeople(request.chatId, [request.username], () => {});
    await this.#answered(request.secret, request.accountKey);
    // A look that began before still finds it.
    this.#ended.add(request.id);
    await this.#end([request.id]);
    this.#setWaiting(this.#waiting);
  }

  async #look(): Promise<void> {
    const { account, rpc } = this.#context;
    const { requests } = await rpc.call(authentication.joinRequests, {});
    const links = new Map<string, SharedLink>();
    for (const link of account.settings.content.links) links.set(toHex((await linkKeys(link.secret)).linkHash), link);
    const waiting: Waiting[] = [];
    const over: number[] = [];
    for (const request of requests) {
      const link = links.get(toHex(request.linkHash));
      // A link that is not known here was made on another device since: that one ends its requests.
      if (!link) continue;
      const outcome = await this.#judge(link, request).catch((error) => error as Error);
      if (outcome instanceof Error) continue;
      if (outcome) waiting.push(outcome);
      else over.push(request.id);
    }
    if (over.length > 0) await this.#end(over);
    this.#setWaiting(waiting);
  }

  /**
   * @returns the request that waits for the user, or undefined for one that is over: carried out, refused, or not valid
   * @throws for one that is to be tried again
   */
  async #judge(
    link: SharedLink,
    { id, accountKey, sealed }: { id: number; accountKey: Bytes; sealed: Bytes },
  ): Promise<Waiting | undefined> {
    const { account, ownKey } = this.#context;
    const key = toHex(accountKey);
    const content = await openJoinRequest(await linkKeys(link.secret), link.seed, accountKey, sealed);
    if (!content || key === ownKey || account.settings.isBlocked(key)) return undefined;
    if (!link.group) return await this.#welcome(accountKey);
    const chat = this.#groupOf(link.group);
    if (chat === "elsewhere") throw new EngineError({ code: LocalCode.notInChat, detail: "a group of other devices" });
    if (!chat || chat.record.members.some((member) => member.accountKey === key)) return undefined;
    // By its key: the server's word for the name is not needed.
    await account.directory.refresh([accountKey]);
    const username = (await account.directory.byKey(accountKey))?.username;
    if (username === undefined) return undefined;
    if (link.letsIn && !hasAnswered(link, accountKey) && hasRoom(account.settings.content.links)) {
      await this.#membership.addPeople(chat.id, [username], () => {});
      await this.#answered(link.secret, key);
      return undefined;
    }
    const { note, atMs } = content;
    return { id, secret: link.secret, requestId: String(id), username, accountKey: key, chatId: chat.id, note, atMs };
  }

  /** The next chat that the account begins is no invitation; one that waits becomes a chat. */
  async #welcome(accountKey: Bytes): Promise<undefined> {
    const { account, conversations } = this.#context;
    const key = toHex(accountKey);
    const nowMs = account.clock.now();
    await account.settings.change((content) => ({
      ...content,
      guests: [
        ...content.guests.filter((guest) => guest.untilMs > nowMs && !equalBytes(guest.accountKey, accountKey)),
        { accountKey, untilMs: nowMs + guestForMs },
      ].slice(-maxGuests),
    }));
    for (const { id, record } of conversations.all()) {
      const isTheirs = record.kind === "direct" && record.invitation && record.inviter === key && isMember(record);
      if (!isTheirs || record.needsAcceptance) continue;
      await conversations.update(async (unit) => {
        const conversation = await unit.conversation(id);
        if (conversation) accept(this.#context, unit, conversation);
      });
    }
  }

  /**
   * @returns the group of a link; undefined where the account has left it or is no admin; "elsewhere" while this device
   *   does not know the group: a new device comes into its groups one after the other
   */
  #groupOf(group: Uint8Array): Conversation | "elsewhere" | undefined {
    const known = this.#context.conversations.all()
      .filter(({ record }) => record.kind === "group" && equalBytes(record.firstChannelId, group));
    if (known.length === 0) return "elsewhere";
    return known.find(({ record }) => isIn(record) && !record.leaving && isAdmin(record, this.#context.ownKey));
  }

  async #answered(secret: Bytes, accountKey: string): Promise<void> {
    const prefix = fromHex(accountKey).subarray(0, prefixBytes);
    await this.#context.account.settings.change((content) =>
      hasRoom(content.links)
        ? {
          ...content,
          links: content.links.map((link) =>
            equalBytes(link.secret, secret) ? { ...link, answered: concat(link.answered, prefix) } : link
          ),
        }
        : undefined
    );
  }

  async #end(ids: number[]): Promise<void> {
    await this.#context.rpc.call(authentication.endJoinRequests, { ids });
  }

  #setWaiting(found: Waiting[]): void {
    const waiting = found.filter(({ id }) => !this.#ended.has(id));
    const isSame = waiting.length === this.#waiting.length &&
      waiting.every(({ id }, index) => this.#waiting[index].id === id);
    this.#waiting = waiting;
    if (!isSame) this.#changed();
  }
}

/** Whether somebody was let in or answered by the link before: the server may show a request again. */
function hasAnswered({ answered }: SharedLink, accountKey: Uint8Array): boolean {
  for (let at = 0; at + prefixBytes <= answered.length; at += prefixBytes) {
    if (equalBytes(answered.subarray(at, at + prefixBytes), accountKey.subarray(0, prefixBytes))) return true;
  }
  return false;
}

/** Without room for who was let in, nobody is let in unasked. */
function hasRoom(links: SharedLink[]): boolean {
  return links.reduce((bytes, { answered }) => bytes + answered.length, prefixBytes) <= maxAnsweredBytes;
}

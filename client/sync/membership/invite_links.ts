/** Invite links of the account, and the use of others' links (specification §9.2). */

import { type Bytes, equalBytes, sha256, toHex } from "../../../schema/bytes.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import { linkKeys, maxNoteLength, sealJoinRequest } from "../../account/links/join_request.ts";
import { type InviteLink, linkText, parseLink } from "../../account/links/link_text.ts";
import { maxLinks, type SharedLink } from "../../account/settings/settings_content.ts";
import type { InviteLinkInfo, LinkPreview } from "../../api/people_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { generateXWing, xwing } from "../../crypto/xwing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { activeRecord } from "./active_record.ts";
import { isAdmin } from "./admins.ts";
import type { KeyPackageFetch } from "./key_package_fetch.ts";
import type { Membership } from "./membership.ts";

/** How many accounts may ask by a link. */
const requestsByLink = 250;
const shortestMs = 60_000;
const longestMs = 366 * 24 * 3_600_000;
/** A link's end is measured by the server's clock, which this device knows to the second or so. */
const clockMarginMs = 60_000;

/** Makes, lists, revokes and uses invite links. */
export class InviteLinks {
  readonly #context: SyncContext;
  readonly #keyPackages: KeyPackageFetch;
  readonly #membership: Membership;

  constructor(context: SyncContext, parts: { keyPackages: KeyPackageFetch; membership: Membership }) {
    this.#context = context;
    this.#keyPackages = parts.keyPackages;
    this.#membership = parts.membership;
  }

  /** See `PeopleApi.makeLink`. The account's devices know the link before the server does. @throws EngineError */
  async make(
    { chatId, letsIn = false, forMs }: { chatId?: string; letsIn?: boolean; forMs: number },
  ): Promise<InviteLinkInfo> {
    const { account, ownKey } = this.#context;
    if (!(forMs >= shortestMs && forMs <= longestMs)) throw notUsable("a link lasts for 1 minute to 366 days");
    const record = chatId === undefined ? undefined : activeRecord(this.#context, chatId);
    if (record && (record.kind === "direct" || !isAdmin(record, ownKey) || this.#isNotes(record.firstChannelId))) {
      throw new EngineError({ code: LocalCode.notAllowed, detail: "only an admin of a group makes links into it" });
    }
    const { seed, publicKey } = await generateXWing();
    const createdMs = account.clock.now();
    const link: SharedLink = {
      secret: crypto.getRandomValues(new Uint8Array(16)),
      seed,
      ...(record && { group: new Uint8Array(record.firstChannelId) }),
      letsIn: record !== undefined && letsIn,
      createdMs,
      endMs: createdMs + Math.min(forMs, longestMs - clockMarginMs),
      answered: new Uint8Array(),
    };
    await account.settings.change((content) => {
      const links = content.links.filter(({ endMs }) => endMs > createdMs);
      if (links.length >= maxLinks) {
        throw new EngineError({ code: "E032", detail: `at most ${maxLinks} links of an account` });
      }
      return { ...content, links: [...links, link] };
    });
    const { linkHash } = await linkKeys(link.secret);
    try {
      await this.#context.rpc.call(authentication.putLink, {
        linkHash,
        publicKey,
        endMs: link.endMs,
        requests: requestsByLink,
      });
    } catch (error) {
      await this.#forget(link.secret).catch(() => {});
      throw error;
    }
    return await this.#info(link);
  }

  /** See `PeopleApi.links`. */
  async all(): Promise<InviteLinkInfo[]> {
    const nowMs = this.#context.account.clock.now();
    const live = this.#context.account.settings.content.links.filter(({ endMs }) => endMs > nowMs);
    return await Promise.all([...live].sort((a, b) => b.createdMs - a.createdMs).map((link) => this.#info(link)));
  }

  /** See `PeopleApi.revokeLink`. On the server first: what is lost in between can be revoked again. */
  async revoke(linkId: string): Promise<void> {
    for (const { secret } of this.#context.account.settings.content.links) {
      const { linkHash } = await linkKeys(secret);
      if (idOf(linkHash) !== linkId) continue;
      await this.#context.rpc.call(authentication.removeLink, { linkHash });
      await this.#forget(secret);
    }
  }

  /** See `PeopleApi.readLink`. @throws EngineError L041 */
  async read(code: string): Promise<LinkPreview> {
    const link = parsed(code);
    return { ...previewOf(link), ...await this.#judge(link) };
  }

  /** See `PeopleApi.useLink`. @throws EngineError */
  async use(code: string, note = ""): Promise<{ chatId?: string }> {
    if (note.length > maxNoteLength) throw notUsable(`a note of at most ${maxNoteLength} characters`);
    const link = parsed(code);
    const judged = await this.#judge(link);
    if (judged.state !== "open") throw notUsable(`the link is ${judged.state}`);
    const { account, rpc } = this.#context;
    const keys = await linkKeys(link.secret);
    const isChat = link.kind === "chat";
    const sealed = await sealJoinRequest(keys, judged.publicKey!, account.accountKey, {
      atMs: account.clock.now(),
      note: isChat ? "" : note,
    });
    if (!sealed) throw notUsable("the link's key can not be used");
    await rpc.call(authentication.requestJoin, { token: keys.token, sealed });
    if (!isChat) return {};
    this.#keyPackages.invited(link.accountKey, keys.token);
    return { chatId: await this.#membership.startChat([link.username], undefined, () => {}) };
  }

  /**
   * The account of a link is looked up by the link's key, so that the server can put no other in its place: its signed
   * device list says its name. From then on that key is the pinned one for the name.
   */
  async #judge(link: InviteLink): Promise<Pick<LinkPreview, "state" | "chatId"> & { publicKey?: Bytes }> {
    const { account, ownKey } = this.#context;
    const accountKey = toHex(link.accountKey);
    if (accountKey === ownKey) return { state: "own" };
    if (account.settings.isBlocked(accountKey)) return { state: "blocked" };
    if (link.endMs <= account.clock.now()) return { state: "over" };
    const publicKey = await this.#open(link);
    if (!publicKey) return { state: "over" };
    await account.directory.refresh([link.accountKey]);
    const known = await account.directory.byKey(link.accountKey);
    if (known?.username !== link.username) return { state: "unknown" };
    const chatId = link.kind === "chat" ? this.#membership.directWith(accountKey) : undefined;
    return { state: "open", publicKey, ...(chatId !== undefined && { chatId }) };
  }

  /** @returns the link's public key; undefined for a link that is over, or another key than the link names */
  async #open({ secret, accountKey, publicKeyHash }: InviteLink): Promise<Bytes | undefined> {
    const { token } = await linkKeys(secret);
    const opened = await this.#context.rpc.call(authentication.openLink, { token }).catch((error) => {
      if (isWireError(error, ErrorCode.linkOver)) return undefined;
      throw error;
    });
    if (!opened) return undefined;
    const isLinks = equalBytes(opened.accountKey, accountKey) &&
      equalBytes(await sha256(opened.publicKey), publicKeyHash);
    if (isLinks) return opened.publicKey;
    throw new EngineError({ code: LocalCode.badAnswer, detail: "the server gives another key than the link names" });
  }

  async #info({ secret, seed, group, letsIn, createdMs, endMs }: SharedLink): Promise<InviteLinkInfo> {
    const { account, conversations } = this.#context;
    const { linkHash } = await linkKeys(secret);
    const publicKeyHash = await sha256(await (await xwing()).publicKey(seed));
    const kind = group ? "group" : "chat";
    const { username, accountKey } = account;
    const chat = group && conversations.all().find(({ record }) => equalBytes(record.firstChannelId, group));
    return {
      linkId: idOf(linkHash),
      kind,
      ...(chat && { chatId: chat.id }),
      letsIn,
      code: linkText({ kind, username, accountKey, publicKeyHash, secret, endMs }),
      createdMs,
      endMs,
    };
  }

  #isNotes(firstChannelId: Uint8Array): boolean {
    const { notes } = this.#context.account.settings.content;
    return notes !== undefined && equalBytes(notes, firstChannelId);
  }

  async #forget(secret: Bytes): Promise<void> {
    await this.#context.account.settings.change((content) => ({
      ...content,
      links: content.links.filter((link) => !equalBytes(link.secret, secret)),
    }));
  }
}

function idOf(linkHash: Uint8Array): string {
  return toHex(linkHash.subarray(0, 16));
}

function previewOf({ kind, username, accountKey, endMs }: InviteLink) {
  return { kind, username, accountKey: toHex(accountKey), endMs };
}

function parsed(code: string): InviteLink {
  const link = parseLink(code);
  if (!link) throw notUsable("this is no invite link of this version");
  return link;
}

function notUsable(detail: string): EngineError {
  return new EngineError({ code: LocalCode.linkNotUsable, detail });
}

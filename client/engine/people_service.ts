/** The parts that deal with other people, put together for one signed-in device. */

import type { ChatSummary } from "../api/engine_api.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { InviteLinks } from "../sync/membership/invite_links.ts";
import { JoinRequests } from "../sync/membership/join_requests.ts";
import type { KeyPackageFetch } from "../sync/membership/key_package_fetch.ts";
import type { Membership } from "../sync/membership/membership.ts";
import { People } from "./people.ts";

/** How long after a notice a look finds what the server has told nobody of (device_notices.ts), in ms. */
const lateLookMs = 65_000;

/** Settings about people, invite links, and requests by them. */
export class PeopleService {
  readonly people: People;
  readonly links: InviteLinks;
  readonly requests: JoinRequests;
  readonly #context: SyncContext;
  #blocked: ReadonlySet<string>;
  #cancelLate = () => {};

  /** @param changed called when settings or requests are others */
  constructor(
    context: SyncContext,
    { membership, keyPackages, changed }: {
      membership: Membership;
      keyPackages: KeyPackageFetch;
      changed: () => void;
    },
  ) {
    this.#context = context;
    this.people = new People(context, membership);
    this.links = new InviteLinks(context, { keyPackages, membership });
    this.#blocked = new Set(this.people.settings().blocked.map(({ accountKey }) => accountKey));
    this.requests = new JoinRequests(context, membership, changed);
  }

  /** The server says that something of the account has changed. @param looks runs a look in the background */
  noticed(looks: () => void): void {
    looks();
    // Of many notices in a minute the server leaves some out, and never the first.
    this.#cancelLate();
    this.#cancelLate = this.#context.environment.after(lateLookMs, looks);
  }

  close(): void {
    this.#cancelLate();
  }

  /** Reads what other devices and other people have changed. @throws EngineError, WireError, TransportError */
  async look(): Promise<void> {
    await this.#context.account.settings.sync();
    await this.requests.look();
  }

  /** Whom the account blocks is another: groups whose messages are shown or hidden now are read again. */
  settingsChanged(reread: (chatId: string) => void): void {
    const blocked = new Set(this.people.settings().blocked.map(({ accountKey }) => accountKey));
    const changed = [...blocked].filter((key) => !this.#blocked.has(key))
      .concat([...this.#blocked].filter((key) => !blocked.has(key)));
    this.#blocked = blocked;
    for (const { id, record } of this.#context.conversations.all()) {
      const isIn = record.members.some(({ accountKey }) => changed.includes(accountKey));
      if (record.kind === "group" && isIn) reread(id);
    }
  }

  /** Whether the user blocks an account (key as hex). */
  isBlocked(accountKey: string): boolean {
    return this.#context.account.settings.isBlocked(accountKey);
  }

  /** @returns the chats that are shown: without invitations of those whom the account does not hear */
  shown(chats: ChatSummary[]): ChatSummary[] {
    return chats.flatMap((chat) => {
      const record = this.#context.conversations.get(chat.chatId)?.record;
      if (!record) return [chat];
      if (this.people.isHidden(record)) return [];
      return [this.people.isNotes(record) ? { ...chat, notes: true as const } : chat];
    });
  }
}

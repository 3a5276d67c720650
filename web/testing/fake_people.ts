/** Invite links, requests to join and blocked people of the engine in memory. */

import { EngineError } from "../../client/api/errors.ts";
import type {
  ContactPolicy,
  InviteLinkInfo,
  JoinRequestInfo,
  LinkPreview,
  PeopleApi,
} from "../../client/api/people_api.ts";
import type { EmitEvent } from "../engine/engine_methods.ts";
import { keyOf } from "./fake_chats.ts";

/** Codes of links that the tests open, and what is said of them. The others are "open" and of bob. */
const previews: Record<string, Partial<LinkPreview>> = {
  "own-link": { state: "own" },
  "link-that-is-over": { state: "over" },
  "unknown-link": { state: "unknown" },
  "blocked-link": { state: "blocked" },
  "group-link": { kind: "group" },
};

interface FakeWorld {
  emit: EmitEvent;
  /** The chat with a person, which is made where there is none. */
  chatWith(username: string): Promise<string>;
  /** Adds somebody to a group. */
  letIn(chatId: string, username: string): Promise<void>;
  /** Shows again what is hidden, or hides it. */
  blockedChanged(keys: ReadonlySet<string>): void;
  noteToSelf(): Promise<string>;
  /** Usernames of people in the chats. */
  known(): string[];
}

/** @returns the calls about people of a fake engine */
export function fakePeople({ emit, chatWith, letIn, blockedChanged, noteToSelf, known }: FakeWorld): PeopleApi {
  let policy: ContactPolicy = "everybody";
  const blocked = new Map<string, { username: string; accountKey: string; sinceMs: number }>();
  let links: InviteLinkInfo[] = [];
  let requests: JoinRequestInfo[] = [];
  let count = 0;
  const changed = () => {
    blockedChanged(new Set(blocked.keys()));
    emit({ kind: "people" });
  };
  return {
    makeLink({ chatId, letsIn = false, forMs }) {
      const number = String(++count).padStart(4, "0");
      const createdMs = Date.now();
      const made: InviteLinkInfo = {
        linkId: number.repeat(8),
        kind: chatId === undefined ? "chat" : "group",
        ...(chatId !== undefined && { chatId }),
        letsIn,
        code: `AQE${number.repeat(35)}`,
        createdMs,
        endMs: createdMs + forMs,
      };
      links = [made, ...links];
      if (chatId !== undefined && !letsIn) {
        const request = { username: "hanna-lu", accountKey: keyOf("hanna-lu"), note: "It is me!", atMs: createdMs };
        requests = [...requests, { requestId: number, chatId, ...request }];
      }
      changed();
      return Promise.resolve(made);
    },
    links: () => Promise.resolve([...links]),
    revokeLink(linkId) {
      links = links.filter((link) => link.linkId !== linkId);
      changed();
      return Promise.resolve();
    },
    readLink(code) {
      const [, text = code] = /#\/i\/(.+)$/.exec(code) ?? [];
      if (!/^[A-Za-z0-9_-]{4,200}$/.test(text)) {
        return Promise.reject(new EngineError({ code: "L041", detail: "this is no invite link" }));
      }
      const bob = { username: "bob", accountKey: keyOf("bob"), endMs: Date.now() + 86_400_000 };
      return Promise.resolve({ kind: "chat", state: "open", ...bob, ...previews[text] });
    },
    async useLink(code) {
      return code.includes("group") ? {} : { chatId: await chatWith("bob") };
    },
    joinRequests: () => Promise.resolve([...requests]),
    async answerJoinRequest(requestId, isIn) {
      const request = requests.find((request) => request.requestId === requestId);
      requests = requests.filter((other) => other !== request);
      if (request && isIn) await letIn(request.chatId, request.username);
      changed();
    },
    peopleSettings: () => Promise.resolve({ policy, blocked: [...blocked.values()] }),
    setContactPolicy(wanted) {
      policy = wanted;
      changed();
      return Promise.resolve();
    },
    block(username) {
      const accountKey = keyOf(username);
      blocked.set(accountKey, { username, accountKey, sinceMs: Date.now() });
      changed();
      return Promise.resolve();
    },
    unblock(accountKey) {
      blocked.delete(accountKey);
      changed();
      return Promise.resolve();
    },
    report: () => Promise.resolve(),
    recentPeople: () => Promise.resolve(known().filter((username) => !blocked.has(keyOf(username)))),
    noteToSelf,
  };
}

/**
 * An engine in memory with invented people, for looking at and testing the interface alone (`vite build
 * --mode fake`). Never part of the app: web/engine/open_engine.ts.
 */

import type {
  AccountState,
  ChatSummary,
  ConnectionState,
  EngineApi,
  MessageItem,
  Progress,
  TimelineItem,
} from "../../client/api/engine_api.ts";
import { fakeMembers } from "./fake_members.ts";
import { fakeChanges, type FakeLines } from "./fake_changes.ts";
import { fakeProfiles } from "./fake_profiles.ts";
import { fakePolls } from "./fake_polls.ts";
import { fakeReceipts } from "./fake_receipts.ts";
import { checkedPassword, judgePassword, suggestPassphrase } from "../../client/account/sign_in/password.ts";
import { EngineError } from "../../client/api/errors.ts";
import type { EmitEvent } from "../engine/engine_methods.ts";
import { fakePeople } from "./fake_people.ts";
import { FakeAccount } from "./fake_account.ts";
import { fakeExport, leavingSteps } from "./fake_export.ts";
import { type FakeChat, fakeChats, fakeReaders, keyOf, lastMessageOf, unreadOf } from "./fake_chats.ts";
import { fakeHistory } from "./fake_history.ts";
import { byListOrder, fakeListCalls, isListed } from "./fake_list.ts";
import { fakeSearching } from "./fake_search.ts";
import { fakeFiles } from "./fake_files.ts";
import { pause } from "./fake_time.ts";
import { expire, timerOf } from "./fake_timers.ts";

const hex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const refuse = (code: string): never => {
  throw new EngineError({ code, detail: "as the test wants it" });
};

const everyone = ["alice", "bob", "carol", "dora", "emil", "frida.k", "georg", "hanna-lu", ...fakeReaders];
/** The username of an account whose chats come to a new device only when the test wakes the engine. */
const awaiting = "late";
/** The username that needs an invite code, and the code. */
const byInvitation = { username: "invited", code: "garden-gate" };

/** @param emit gets every event */
export function openFakeEngine(emit: EmitEvent): EngineApi {
  let account: AccountState = { kind: "signed-out" };
  let self = new FakeAccount("", "", true);
  let connection: ConnectionState = { kind: "connected", transport: "WebTransport" };
  const chats = new Map<string, FakeChat>();
  let order = 9_000_000;
  let awaited = 0;
  let blocked: ReadonlySet<string> = new Set();

  const own = () => (account.kind === "signed-in" ? account.username : "");
  const sorted = () =>
    [...chats.values()].map(({ summary, items }) => ({
      ...summary,
      unreadFrom: unreadOf({ summary, items }).at(0)?.order,
      members: summary.members.map((member) => ({
        ...self.judged(member),
        ...faces.shown(member, blocked),
      })),
    })).filter(isListed).sort(byListOrder);
  const tellChats = () => emit({ kind: "chats", chats: structuredClone(sorted()) });
  const faces = fakeProfiles({ emit, own, chats, tellChats });
  const connect = (now: ConnectionState) => emit({ kind: "connection", connection: connection = now });
  const tellAccount = () => emit({ kind: "account", account });

  function tellAwaited(count: number): void {
    awaited = count;
    emit({ kind: "awaited", chats: count });
  }

  async function work(...steps: [Progress, number][]): Promise<void> {
    for (const [progress, ms] of steps) {
      emit({ kind: "progress", progress });
      await pause(ms);
    }
    emit({ kind: "progress", progress: undefined });
  }

  function enter(username: string, password: string, withChats: boolean): void {
    const deviceId = hex(16);
    account = { kind: "signed-in", username, accountKey: keyOf(username), deviceId };
    self = new FakeAccount(password, deviceId, !withChats);
    if (withChats) {
      self.verified.add("carol");
      self.changed.set("emil", 1);
    }
    if (withChats) { for (const chat of fakeChats(username, everyone)) chats.set(chat.summary.chatId, chat); }
    tellAccount();
    tellChats();
  }

  const receipts = fakeReceipts({ emit, chat: (chatId) => chats.get(chatId)! });

  function put(chatId: string, item: TimelineItem): void {
    const { items, summary } = chats.get(chatId)!;
    const at = items.findIndex((other) =>
      item.kind === "message" && other.kind === "message" && other.messageId === item.messageId
    );
    if (at < 0) items.push(item);
    else items[at] = item;
    summary.activityMs = item.atMs;
    if (item.kind === "message") summary.lastMessage = lastMessageOf(item);
    emit({ kind: "timeline", chatId, items: [item] });
    tellChats();
  }

  async function answer(chatId: string, text: string): Promise<void> {
    const { summary } = chats.get(chatId)!;
    const other = summary.members.find(({ self }) => !self);
    if (!other || !text.endsWith("?")) return;
    receipts.delivered(chatId);
    emit({ kind: "typing", chatId, username: other.username });
    await pause(text.includes("later") ? 8_000 : 1_500); // There is time to look away.
    receipts.read(chatId);
    summary.unread += 1;
    put(chatId, {
      kind: "message",
      messageId: hex(16),
      order: String(order++),
      sender: other.username,
      own: false,
      senderKey: keyOf(other.username),
      text: "Yes, of course.",
      atMs: Date.now(),
      state: "received",
    });
  }

  function summaryOf(usernames: string[], groupName: string | undefined): ChatSummary {
    const members = [own(), ...usernames].map((username, index) =>
      ({
        username,
        accountKey: self.accepted.get(username) ?? keyOf(username),
        role: index === 0 ? "admin" : "member",
        self: index === 0,
      }) as const
    );
    return {
      chatId: hex(32),
      title: groupName ?? usernames[0],
      kind: groupName ? "group" : "direct",
      members: [...members],
      invitation: false,
      active: true,
      features: ["attachments", "changes", "polls"],
      unread: 0,
      activityMs: Date.now(),
    };
  }

  async function send(chatId: string, messageId: string, text: string, more?: Partial<MessageItem>): Promise<void> {
    const judged = chats.get(chatId)!.summary.members.map((member) => self.judged(member));
    if (judged.some(({ keyChanged }) => keyChanged)) refuse("L007");
    if (judged.some(({ keyReplaced }) => keyReplaced)) refuse("L016");
    const item: TimelineItem = {
      kind: "message",
      messageId,
      order: String(order++),
      sender: own(),
      own: true,
      senderKey: keyOf(own()),
      text,
      atMs: Date.now(),
      state: "waiting",
      ...timerOf(chats.get(chatId)!.summary),
      ...more,
    };
    put(chatId, item);
    if (text === "elsewhere") return connect({ kind: "elsewhere" });
    if (text === "deleted elsewhere") account = { kind: "ended", username: own(), code: "deleted" };
    if (account.kind === "ended") return tellAccount();
    void pause(150).then(() =>
      put(chatId, text === "fail" ? { ...item, state: "failed", errorCode: "E011" } : { ...item, state: "sent" })
    ).then(() => {
      expire(chats.get(chatId)!, text, (order) => lines.erased(chatId, order));
      tellChats();
      return answer(chatId, text);
    });
  }

  const lines: FakeLines = {
    own: () => ({ username: own(), accountKey: keyOf(own()) }),
    items: (chatId) => chats.get(chatId)!.items,
    put,
    erased: (chatId, erased) => emit({ kind: "erased", chatId, orders: [erased] }),
    send,
  };

  const engine: EngineApi = {
    async createAccount(username, password, inviteCode) {
      await checkedPassword(password, username);
      if (username === "taken") refuse("E007");
      if (username === byInvitation.username && inviteCode !== byInvitation.code) refuse("E006");
      await work([{ task: "password" }, 500], [{ task: "registering" }, 500]);
      enter(username, password, false);
      return { recoveryCode: self.recoveryCode };
    },
    async signIn(username, password) {
      await work([{ task: "password" }, 500], [{ task: "signing-in" }, 300]);
      if (password === "wrong") refuse("L022");
      enter(username, password, username !== awaiting);
      tellAwaited(username === awaiting ? 3 : 0);
    },
    async signOut() {
      await pause(100);
      account = { kind: "signed-out" };
      chats.clear();
      tellAccount();
    },
    account: async () => account,
    connection: async () => connection,
    chats: async () => structuredClone(sorted()),
    awaitedChats: async () => awaited,
    async findPeople(text) {
      await pause(80);
      return everyone.filter((username) => username.startsWith(text) && username !== own());
    },
    async startChat(usernames, groupName) {
      await work(
        ...usernames.map((
          _,
          done,
        ): [Progress, number] => [{ task: "creating-chat", done, total: usernames.length }, 300]),
      );
      const summary = summaryOf(usernames, groupName);
      chats.set(summary.chatId, {
        summary,
        items: [{ kind: "notice", order: String(order++), atMs: Date.now(), notice: "created", values: { by: own() } }],
      });
      tellChats();
      return summary.chatId;
    },
    ...fakePeople({
      emit,
      chatWith: async (username) =>
        sorted().find(({ kind, title }) => kind === "direct" && title === username)?.chatId ??
          await engine.startChat([username]),
      letIn: (chatId, username) => engine.addPeople(chatId, [username]),
      blockedChanged: (keys) => {
        blocked = keys;
        tellChats();
      },
      async noteToSelf() {
        const known = [...chats.values()].find(({ summary }) => summary.notes);
        if (known) return known.summary.chatId;
        const summary: ChatSummary = { ...summaryOf([], "Note to self"), notes: true };
        chats.set(summary.chatId, { summary, items: [] });
        tellChats();
        return summary.chatId;
      },
      known: () =>
        [...new Set(sorted().flatMap(({ members }) => members.map(({ username }) => username)))]
          .filter((username) => username !== own()),
    }),
    ...fakeMembers({ own, chats, put, work, nextOrder: () => String(order++) }),
    async typing() {},
    ...fakeFiles({ emit, lines, nextOrder: () => String(order++) }),
    async keepDraft(chatId, draft) {
      chats.get(chatId)!.summary.draft = draft === "" ? undefined : draft;
      tellChats();
    },
    async leaveChat(chatId) {
      await pause(300);
      chats.get(chatId)!.summary.active = false;
      put(chatId, { kind: "notice", order: String(order++), atMs: Date.now(), notice: "left", values: { who: own() } });
    },
    async acceptInvitation(chatId) {
      chats.get(chatId)!.summary.invitation = false;
      tellChats();
    },
    ...fakeChanges(lines),
    ...fakePolls(lines),
    ...receipts.api,
    ...faces.api,
    send: (chatId, messageId, text, { replyTo } = {}) =>
      send(chatId, messageId, text, replyTo && { replyTo: { id: replyTo.messageId, ...replyTo } }),
    ...fakeHistory(chats),
    ...fakeSearching(chats),
    async markRead(chatId, upTo) {
      const { summary } = chats.get(chatId)!;
      summary.unread = unreadOf(chats.get(chatId)!).filter(({ order }) => order > upTo).length;
      tellChats();
    },
    ...fakeListCalls(chats, tellChats),
    async devices() {
      await pause(250);
      return self.devices();
    },
    async revokeDevice(deviceId, password) {
      await work([{ task: "password" }, 400]);
      self.check(password);
      self.revoke(deviceId);
    },
    async deleteAccount(password) {
      await work([{ task: "password" }, 400]);
      self.check(password);
      await work(...leavingSteps(chats.size));
      await this.signOut();
    },
    exportPart: (from) => fakeExport([...chats.values()], from),
    judgePassword,
    suggestPassphrase,
    async changePassword(oldPassword, newPassword) {
      await checkedPassword(newPassword, own());
      await work([{ task: "password" }, 400]);
      self.check(oldPassword);
      self.password = newPassword;
      self.endOtherSessions();
    },
    async newRecoveryCode(password) {
      await work([{ task: "password" }, 400]);
      self.check(password);
      return { recoveryCode: self.replaceCode() };
    },
    async recover(username, recoveryCode, newPassword) {
      await checkedPassword(newPassword, username);
      await work([{ task: "password" }, 400], [{ task: "signing-in" }, 300]);
      if (!recoveryCode.toUpperCase().startsWith("7QJW")) refuse("L014");
      enter(username, newPassword, true);
      return { recoveryCode: self.replaceCode() };
    },
    async safetyNumber(username) {
      await pause(60);
      return self.safetyNumber(username);
    },
    async setVerified(username, accountKey, verified) {
      self.verify(username, accountKey, verified);
      tellChats();
    },
    async acceptChangedKey(username, accountKey) {
      self.accept(username, accountKey);
      tellChats();
    },
    async wake() {
      if (awaited === 0) return;
      tellAwaited(0);
      for (const chat of fakeChats(own(), everyone).slice(0, 3)) chats.set(chat.summary.chatId, chat);
      tellChats();
    },
    async useHere() {
      connect({ kind: "connected", transport: "WebTransport" });
    },
  };
  return engine;
}

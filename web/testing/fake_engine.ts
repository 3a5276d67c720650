/**
 * An engine in memory with invented people, for looking at and testing the interface alone (`vite build
 * --mode fake`). Never part of the app: web/engine/open_engine.ts.
 */

import type {
  AccountState,
  ChatSummary,
  ConnectionState,
  EngineApi,
  Progress,
  TimelineItem,
} from "../../client/api/engine_api.ts";
import { checkedPassword, judgePassword, suggestPassphrase } from "../../client/account/sign_in/password.ts";
import { EngineError } from "../../client/api/errors.ts";
import type { EmitEvent } from "../engine/engine_methods.ts";
import { FakeAccount } from "./fake_account.ts";
import { fakeExport, leavingSteps } from "./fake_export.ts";
import { type FakeChat, fakeChats, fakeReaders } from "./fake_chats.ts";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
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

/** The newest messages of others. */
function unreadOf({ summary, items }: FakeChat): TimelineItem[] {
  const ofOthers = items.filter((item) => item.kind === "message" && !item.own);
  return ofOthers.slice(ofOthers.length - summary.unread);
}

/** @param emit gets every event */
export function openFakeEngine(emit: EmitEvent): EngineApi {
  let account: AccountState = { kind: "signed-out" };
  let self = new FakeAccount("", "", true);
  let connection: ConnectionState = { kind: "connected", transport: "WebTransport" };
  const chats = new Map<string, FakeChat>();
  let order = 9_000_000;
  let awaited = 0;

  const own = () => (account.kind === "signed-in" ? account.username : "");
  const sorted = () =>
    [...chats.values()].map(({ summary, items }) => ({
      ...summary,
      unreadFrom: unreadOf({ summary, items }).at(0)?.order,
      members: summary.members.map((member) => self.judged(member)),
    })).sort((a, b) => b.activityMs - a.activityMs);
  const tellChats = () => emit({ kind: "chats", chats: structuredClone(sorted()) });
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
    account = { kind: "signed-in", username, accountKey: hex(32), deviceId };
    self = new FakeAccount(password, deviceId, !withChats);
    if (withChats) {
      self.verified.add("carol");
      self.changed.set("emil", 1);
    }
    if (withChats) { for (const chat of fakeChats(username, everyone)) chats.set(chat.summary.chatId, chat); }
    tellAccount();
    tellChats();
  }

  function put(chatId: string, item: TimelineItem): void {
    const { items, summary } = chats.get(chatId)!;
    const at = items.findIndex((other) =>
      item.kind === "message" && other.kind === "message" && other.messageId === item.messageId
    );
    if (at < 0) items.push(item);
    else items[at] = item;
    summary.activityMs = item.atMs;
    if (item.kind === "message") summary.lastMessage = { text: item.text, sender: item.sender, atMs: item.atMs };
    emit({ kind: "timeline", chatId, items: [item] });
    tellChats();
  }

  async function answer(chatId: string, text: string): Promise<void> {
    const { summary } = chats.get(chatId)!;
    const other = summary.members.find(({ self }) => !self);
    if (!other || !text.endsWith("?")) return;
    emit({ kind: "typing", chatId, username: other.username });
    await pause(1500);
    summary.unread += 1;
    put(chatId, {
      kind: "message",
      messageId: hex(16),
      order: String(order++),
      sender: other.username,
      own: false,
      text: "Yes, of course.",
      atMs: Date.now(),
      state: "received",
    });
  }

  function summaryOf(usernames: string[], groupName: string | undefined): ChatSummary {
    const members = [own(), ...usernames].map((username, index) =>
      ({
        username,
        accountKey: self.accepted.get(username) ?? hex(32),
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
      unread: 0,
      activityMs: Date.now(),
    };
  }

  return {
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
    async addPeople(chatId, usernames) {
      await work(
        ...usernames.map((
          _,
          done,
        ): [Progress, number] => [
          { task: "adding-people", done, total: usernames.length },
          Math.max(15, 600 / usernames.length),
        ]),
      );
      const { summary } = chats.get(chatId)!;
      summary.members = [
        ...summary.members,
        ...usernames.map((username) => ({ username, accountKey: hex(32), role: "member", self: false }) as const),
      ];
      for (const username of usernames) {
        put(chatId, {
          kind: "notice",
          order: String(order++),
          atMs: Date.now(),
          notice: "added",
          values: { by: own(), who: username },
        });
      }
    },
    async removePerson(chatId, username) {
      await pause(300);
      const { summary } = chats.get(chatId)!;
      summary.members = summary.members.filter((member) => member.username !== username);
      put(chatId, {
        kind: "notice",
        order: String(order++),
        atMs: Date.now(),
        notice: "removed",
        values: { by: own(), who: username },
      });
    },
    async renameChat(chatId, name) {
      chats.get(chatId)!.summary.title = name;
      put(chatId, {
        kind: "notice",
        order: String(order++),
        atMs: Date.now(),
        notice: "renamed",
        values: { by: own(), name },
      });
    },
    async setRole(chatId, username, role) {
      const { summary } = chats.get(chatId)!;
      summary.members = summary.members.map((member) => member.username === username ? { ...member, role } : member);
      put(chatId, {
        kind: "notice",
        order: String(order++),
        atMs: Date.now(),
        notice: role === "admin" ? "promoted" : "demoted",
        values: { by: own(), who: username },
      });
    },
    async typing() {},
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
    async send(chatId, messageId, text) {
      const judged = chats.get(chatId)!.summary.members.map((member) => self.judged(member));
      if (judged.some(({ keyChanged }) => keyChanged)) refuse("L007");
      if (judged.some(({ keyReplaced }) => keyReplaced)) refuse("L016");
      const item: TimelineItem = {
        kind: "message",
        messageId,
        order: String(order++),
        sender: own(),
        own: true,
        text,
        atMs: Date.now(),
        state: "waiting",
      };
      put(chatId, item);
      if (text === "elsewhere") return connect({ kind: "elsewhere" });
      if (text === "deleted elsewhere") account = { kind: "ended", username: own(), code: "deleted" };
      if (account.kind === "ended") return tellAccount();
      void pause(150).then(() =>
        put(chatId, text === "fail" ? { ...item, state: "failed", errorCode: "E011" } : { ...item, state: "sent" })
      ).then(() => answer(chatId, text));
    },
    async timeline(chatId, before, limit = 50) {
      const { items } = chats.get(chatId)!;
      await pause(before ? 120 : 5);
      const end = before ? items.findIndex((item) => item.order === before) : items.length;
      const start = Math.max(0, end - limit);
      return { items: items.slice(start, end), ...(start > 0 && { before: items[start].order }) };
    },
    async markRead(chatId, upTo) {
      const { summary } = chats.get(chatId)!;
      summary.unread = unreadOf(chats.get(chatId)!).filter(({ order }) => order > upTo).length;
      tellChats();
    },
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
}

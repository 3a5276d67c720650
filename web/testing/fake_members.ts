/** Who is in a chat, and its name, in the engine in memory. */

import type { EngineApi, Progress, TimelineItem } from "../../client/api/engine_api.ts";
import { pause } from "./fake_time.ts";
import { type FakeChat, keyOf } from "./fake_chats.ts";

/** What the fake engine keeps and tells. */
export interface FakeGroups {
  own(): string;
  chats: Map<string, FakeChat>;
  put(chatId: string, item: TimelineItem): void;
  work(...steps: [Progress, number][]): Promise<void>;
  nextOrder(): string;
}

export function fakeMembers(
  { own, chats, put, work, nextOrder }: FakeGroups,
): Pick<EngineApi, "addPeople" | "removePerson" | "renameChat" | "setRole" | "setTimer" | "describeChat"> {
  return {
    async addPeople(chatId, usernames) {
      await work(
        ...usernames.map((
          _,
          done,
        ): [Progress, number] => [
          { task: "adding-people", done, total: usernames.length },
          Math.max(50, 600 / usernames.length),
        ]),
      );
      const { summary } = chats.get(chatId)!;
      summary.members = [
        ...summary.members,
        ...usernames.map((username) =>
          ({ username, accountKey: keyOf(username), role: "member", self: false }) as const
        ),
      ];
      for (const username of usernames) {
        put(chatId, {
          kind: "notice",
          order: nextOrder(),
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
        order: nextOrder(),
        atMs: Date.now(),
        notice: "removed",
        values: { by: own(), who: username },
      });
    },
    async renameChat(chatId, name) {
      chats.get(chatId)!.summary.title = name;
      put(chatId, {
        kind: "notice",
        order: nextOrder(),
        atMs: Date.now(),
        notice: "renamed",
        values: { by: own(), name },
      });
    },
    async setTimer(chatId, timerMs) {
      await pause(300);
      const { summary } = chats.get(chatId)!;
      delete summary.timerMs;
      if (timerMs !== undefined) summary.timerMs = timerMs;
      put(chatId, {
        kind: "notice",
        order: nextOrder(),
        atMs: Date.now(),
        notice: timerMs === undefined ? "timer-off" : "timer-set",
        values: { by: own(), ...(timerMs !== undefined && { timerMs: String(timerMs) }) },
      });
    },
    async describeChat(chatId, description) {
      chats.get(chatId)!.summary.description = description;
      put(chatId, {
        kind: "notice",
        order: nextOrder(),
        atMs: Date.now(),
        notice: "described",
        values: { by: own() },
      });
    },
    async setRole(chatId, username, role) {
      const { summary } = chats.get(chatId)!;
      summary.members = summary.members.map((member) => member.username === username ? { ...member, role } : member);
      put(chatId, {
        kind: "notice",
        order: nextOrder(),
        atMs: Date.now(),
        notice: role === "admin" ? "promoted" : "demoted",
        values: { by: own(), who: username },
      });
    },
  };
}

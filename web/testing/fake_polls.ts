/** Polls in the engine in memory. */

import type { EngineApi, MessageItem, MessageRef, Poll } from "../../client/api/engine_api.ts";
import { nextRound } from "../../client/content/kinds/vote.ts";
import type { FakeLines } from "./fake_changes.ts";

type Polls = Pick<EngineApi, "sendPoll" | "vote" | "endPoll">;

/** @param lines what the fake engine keeps and tells */
export function fakePolls({ own, items, put, send }: FakeLines): Polls {
  function change(chatId: string, { messageId }: MessageRef, changed: (poll: Poll) => Partial<Poll>): void {
    const item = items(chatId).find((item): item is MessageItem =>
      item.kind === "message" && item.messageId === messageId
    );
    if (item?.poll) put(chatId, { ...item, poll: { ...item.poll, ...changed(item.poll) } });
  }
  return {
    async sendPoll(chatId, messageId, { question, options, several }) {
      await send(chatId, messageId, question, { poll: { options, ...(several && { several }), votes: [] } });
    },
    async vote(chatId, ref, choices) {
      change(chatId, ref, ({ votes }) => {
        const { username: sender, accountKey: senderKey } = own();
        const others = votes.filter((vote) => vote.senderKey !== senderKey);
        return { votes: [...others, { sender, senderKey, choices, round: nextRound(votes, senderKey) }] };
      });
    },
    async endPoll(chatId, ref) {
      change(chatId, ref, () => ({ ended: true }));
    },
  };
}

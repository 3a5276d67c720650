/** Polls that the user makes, votes in, and ends (specification §7.8). */

import type { MessageRef, NewPoll } from "../../api/engine_api.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { isPoll, pollKind } from "../../content/kinds/poll.ts";
import { pollEndKind } from "../../content/kinds/pollend.ts";
import { nextRound, voteKind } from "../../content/kinds/vote.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { type Changes, requireFeature } from "./changes.ts";
import type { Messages } from "./messages.ts";

/** A poll goes the way of a message, and a vote that of a change. */
export class Polls {
  readonly #context: Pick<SyncContext, "ownKey">;
  readonly #messages: Pick<Messages, "sendContent">;
  readonly #changes: Pick<Changes, "change">;

  constructor(
    context: Pick<SyncContext, "ownKey">,
    messages: Pick<Messages, "sendContent">,
    changes: Pick<Changes, "change">,
  ) {
    this.#context = context;
    this.#messages = messages;
    this.#changes = changes;
  }

  /** @throws EngineError L011, L044 and as Messages.send */
  async send(chatId: string, messageId: string, poll: NewPoll): Promise<void> {
    if (!isPoll(poll)) throw new EngineError({ code: LocalCode.tooLarge, detail: "no poll within its limits" });
    await this.#messages.sendContent(chatId, messageId, (conversation) => {
      requireFeature(conversation, "polls");
      const content = pollKind.write(poll, crypto.getRandomValues(new Uint8Array(16)));
      return { content, shown: pollKind.apply(poll).content };
    });
  }

  /** @param choices indices of options; none takes the vote back @throws EngineError L044 and as Messages.send */
  async vote(chatId: string, message: MessageRef, choices: number[]): Promise<void> {
    const { ownKey } = this.#context;
    const ascending = [...new Set(choices)].sort((a, b) => a - b);
    await this.#changes.change(chatId, message, (inReplyTo, salt, { poll }) => {
      if (!poll || poll.ended) return undefined;
      return voteKind.write({ choices: ascending, round: nextRound(poll.votes, ownKey), inReplyTo }, salt);
    }, "polls");
  }

  /** @throws EngineError L019 for a poll of somebody else, L044 and as Messages.send */
  async end(chatId: string, message: MessageRef): Promise<void> {
    await this.#changes.change(chatId, message, (inReplyTo, salt, { own, poll }) => {
      if (!own) throw new EngineError({ code: LocalCode.notAllowed, detail: "a poll of somebody else" });
      return !poll || poll.ended ? undefined : pollEndKind.write({ inReplyTo }, salt);
    }, "polls");
  }
}

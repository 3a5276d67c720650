/** The end of a poll, by its author alone (specification §7.8). */

import type { Bytes } from "../../../schema/bytes.ts";
import { encodeCbor } from "../../../schema/cbor.ts";
import { recordOf } from "../../../schema/shape.ts";
import { container, ownBody, ownPartOf, ownTypes } from "../body.ts";
import type { ContentKind, Effect } from "../content_kind.ts";

export interface PollEndContent {
  /** 32 bytes: the poll */
  inReplyTo: Bytes;
}

/** What was voted before it stays; a vote that comes after it does not count. */
export const pollEndKind = {
  name: "pollend",
  countsAsUnread: false,
  read({ replaces, inReplyTo, body }) {
    if (replaces || !inReplyTo) return undefined;
    return ownPartOf(body, ownTypes.pollEnd, (value) => recordOf(value, [], "poll end") && { inReplyTo });
  },
  write: ({ inReplyTo }, salt) => container(salt, ownBody(ownTypes.pollEnd, encodeCbor({})), { inReplyTo }),
  refersTo: ({ inReplyTo }) => inReplyTo,
  apply(_content, { id, senderKey }, target): Effect {
    if (!target) return { kind: "wait" };
    const { content, partId } = target;
    if (!content.poll || content.poll.ended || partId !== undefined) return { kind: "nothing" };
    if (target.senderKey !== senderKey) return { kind: "refused" };
    return { kind: "change", content: { ...content, poll: { ...content.poll, ended: true } }, partId: id };
  },
} satisfies ContentKind<PollEndContent>;

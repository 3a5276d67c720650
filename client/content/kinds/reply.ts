/** A reply: a text that names the message that it answers (draft-ietf-mimi-content-07 §5.2). */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { bodyText, container, textBody } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";

export interface ReplyContent {
  text: string;
  /** 32 bytes */
  inReplyTo: Bytes;
}

/**
 * The line keeps where its original is, never what that says: an original that is edited or deleted later
 * looks so in every quote of it.
 */
export const replyKind = {
  name: "reply",
  countsAsUnread: true,
  read({ replaces, inReplyTo, body }) {
    if (replaces || !inReplyTo) return undefined;
    const { text, readable } = bodyText(body);
    return readable ? { text, inReplyTo } : undefined;
  },
  write: ({ text, inReplyTo }, salt) => container(salt, textBody(text), { inReplyTo }),
  refersTo: ({ inReplyTo }) => inReplyTo,
  apply: ({ text, inReplyTo }, _origin, target) => ({
    kind: "append",
    content: {
      text,
      replyTo: { id: toHex(inReplyTo), ...(target && { order: target.order, messageId: target.messageId }) },
    },
  }),
} satisfies ContentKind<ReplyContent>;

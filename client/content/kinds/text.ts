/** A text: a line of its own (draft-ietf-mimi-content-07 §5.1). */

import { bodyText, container, textBody } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";

export interface TextContent {
  text: string;
}

export const textKind = {
  name: "text",
  countsAsUnread: true,
  read({ replaces, inReplyTo, body }) {
    if (replaces || inReplyTo) return undefined;
    const { text, readable } = bodyText(body);
    return readable ? { text } : undefined;
  },
  write: ({ text }, salt) => container(salt, textBody(text)),
  apply: ({ text }) => ({ kind: "append", content: { text } }),
  preview: ({ text, unsupported }) => (unsupported ? undefined : { text }),
} satisfies ContentKind<TextContent>;

/** A delete: takes a message, or a reaction, of the same account back (draft-ietf-mimi-content-07 §5.6, §5.7). */

import type { Bytes } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import { container } from "../body.ts";
import type { ContentKind, Effect } from "../content_kind.ts";
import { Disposition } from "../mimi_content.ts";

export interface DeleteContent {
  /** 32 bytes: the message, an edit of it, or a reaction. */
  replaces: Bytes;
}

/** The line stays and says that its message was deleted; nothing of the message is left in it. */
export const deleteKind = {
  name: "delete",
  countsAsUnread: false,
  read: ({ replaces, body }) => (replaces && body.cardinality === "null" ? { replaces } : undefined),
  write: ({ replaces }, salt) =>
    container(salt, { disposition: Disposition.render, language: "", cardinality: "null" }, { replaces }),
  refersTo: ({ replaces }) => replaces,
  apply(_content, { senderKey }, target): Effect {
    if (!target) return { kind: "wait", deletes: true };
    if (target.partId !== undefined) return removeReaction(target.content, target.partId, senderKey);
    if (target.senderKey !== senderKey) return { kind: "refused" };
    if (target.content.deleted) return { kind: "nothing" };
    return { kind: "change", content: { text: "", deleted: true } };
  },
  preview: ({ deleted }) => (deleted ? { text: "", deleted } : undefined),
} satisfies ContentKind<DeleteContent>;

function removeReaction(content: MessageContent, partId: string, senderKey: string): Effect {
  const { reactions = [], ...rest } = content;
  const ofId = reactions.filter(({ id }) => id === partId);
  if (ofId.length === 0) return { kind: "nothing" };
  if (ofId.some((reaction) => reaction.senderKey !== senderKey)) return { kind: "refused" };
  const left = reactions.filter(({ id }) => id !== partId);
  return { kind: "change", content: { ...rest, ...(left.length > 0 && { reactions: left }) } };
}

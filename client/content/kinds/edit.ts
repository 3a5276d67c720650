/** An edit: another body for a message of the same account (draft-ietf-mimi-content-07 §5.5, §8.3). */

import type { Bytes } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import { bodyText, container, textBody } from "../body.ts";
import type { ContentKind, Effect } from "../content_kind.ts";
import { maxReactionsOfAccount, newSigns, reactionTexts } from "./reaction.ts";

export interface EditContent {
  text: string;
  /** The new body can not be shown; `text` names its type. */
  unsupported?: true;
  /** Signs of the new body, where it could be a reaction's. */
  reactionTexts?: string[];
  /** 32 bytes: the message, or an earlier edit of it. */
  replaces: Bytes;
}

/** Only the body changes: what the line answers and the reactions to it stay (the draft's §8.3). */
export const editKind = {
  name: "edit",
  countsAsUnread: false,
  read({ replaces, body }) {
    if (!replaces || body.cardinality === "null") return undefined;
    const { text, readable } = bodyText(body);
    const texts = reactionTexts(body);
    return { text, replaces, ...(!readable && { unsupported: true }), ...(texts && { reactionTexts: texts }) };
  },
  write: ({ text, replaces }, salt) => container(salt, textBody(text), { replaces }),
  refersTo: ({ replaces }) => replaces,
  apply(edit, { senderKey, atMs }, target): Effect {
    if (!target) return { kind: "wait", edits: true };
    const { content, partId } = target;
    if (partId !== undefined) return editReaction(edit.reactionTexts, senderKey, content, partId);
    if (target.senderKey !== senderKey) return { kind: "refused" };
    // Another question under the votes that were given to the first would be a forgery.
    if (content.deleted || content.poll) return { kind: "nothing" };
    const { unsupported: _replaced, ...rest } = content;
    const { text, unsupported } = edit;
    const edited = { ...rest, ...versionsAfter(content, atMs), edited: true as const };
    return { kind: "change", content: { ...edited, text, ...(unsupported && { unsupported }) } };
  },
} satisfies ContentKind<EditContent>;

/** Earlier versions that a line keeps, and their length in UTF-16 units: the newest ones. */
const maxVersions = 16;
const maxVersionsLength = 32_768;

/** A body that could not be shown is no version that anybody could read. */
function versionsAfter(
  { text, unsupported, versions = [] }: MessageContent,
  untilMs: number,
): Pick<MessageContent, "versions"> {
  if (unsupported) return versions.length > 0 ? { versions } : {};
  const kept = [...versions, { text, untilMs }].slice(-maxVersions);
  let length = 0;
  const from = kept.findLastIndex((version) => (length += version.text.length) > maxVersionsLength);
  return { versions: kept.slice(from + 1) };
}

/** A reaction that is adjusted (the draft's §4.1, `replaces`): it keeps the id of the first one. */
function editReaction(
  texts: string[] | undefined,
  senderKey: string,
  content: MessageContent,
  partId: string,
): Effect {
  const reactions = content.reactions ?? [];
  const index = reactions.findIndex(({ id }) => id === partId);
  if (index < 0 || !texts) return { kind: "nothing" };
  const original = reactions[index];
  if (original.senderKey !== senderKey) return { kind: "refused" };
  const others = reactions.filter(({ id }) => id !== partId);
  const given = others.filter((reaction) => reaction.senderKey === senderKey);
  const signs = newSigns(texts, given).slice(0, Math.max(1, maxReactionsOfAccount - given.length));
  const adjusted = signs.map((text) => ({ ...original, text }));
  return { kind: "change", content: { ...content, reactions: others.toSpliced(index, 0, ...adjusted) }, partId };
}

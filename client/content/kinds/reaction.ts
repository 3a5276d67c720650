/** A reaction: one or a few signs on another message's line (draft-ietf-mimi-content-07 §5.3). */

import { type Bytes, utf8 } from "../../../schema/bytes.ts";
import type { Reaction } from "../../api/engine_api.ts";
import { container, plainTextOf, textBody } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";
import { Disposition, type NestedPart } from "../mimi_content.ts";

/** Longest reaction, in UTF-8 bytes: emoji of several people with skin tones take up to 41. */
export const maxReactionBytes = 64;
/** Reactions of one account that a line keeps; more are dropped. */
export const maxReactionsOfAccount = 8;

export interface ReactionContent {
  /** One or several, each {@link maxReactionBytes} at most. */
  texts: string[];
  /** 32 bytes */
  inReplyTo: Bytes;
}

/** One that is too long, or no text, is no reaction here: it is read as a reply, as the draft suggests. */
export const reactionKind = {
  name: "reaction",
  countsAsUnread: false,
  read({ replaces, inReplyTo, body }) {
    if (replaces || !inReplyTo || body.disposition !== Disposition.reaction) return undefined;
    const texts = reactionTexts(body);
    return texts && { texts, inReplyTo };
  },
  write({ texts, inReplyTo }, salt) {
    const parts = texts.map((text) => textBody(text, Disposition.reaction));
    const body: NestedPart = parts.length === 1 ? parts[0] : {
      disposition: Disposition.reaction,
      language: "",
      cardinality: "multi",
      semantics: "process-all",
      parts,
    };
    return container(salt, body, { inReplyTo });
  },
  refersTo: ({ inReplyTo }) => inReplyTo,
  apply({ texts }, { id, sender, senderKey }, target) {
    if (!target) return { kind: "wait" };
    const { content, partId } = target;
    if (content.deleted || partId !== undefined) return { kind: "nothing" };
    const before = content.reactions ?? [];
    const own = before.filter((reaction) => reaction.senderKey === senderKey);
    const fresh = newSigns(texts, own).slice(0, Math.max(0, maxReactionsOfAccount - own.length));
    if (fresh.length === 0) return { kind: "nothing" };
    const reactions = [...before, ...fresh.map((text) => ({ id, sender, senderKey, text }))];
    return { kind: "change", content: { ...content, reactions }, partId: id };
  },
} satisfies ContentKind<ReactionContent>;

/** @returns the signs, each once, without those that the account has given already */
export function newSigns(texts: string[], given: Reaction[]): string[] {
  return [...new Set(texts)].filter((sign) => given.every(({ text }) => text !== sign));
}

/** @returns the signs of a reaction's body; undefined where a part is no short line of text */
export function reactionTexts(body: NestedPart): string[] | undefined {
  const parts = body.cardinality === "multi" && body.semantics === "process-all" ? body.parts : [body];
  const texts = parts.map((part) => plainTextOf(part)?.trim() ?? "");
  const fits = (text: string) => text !== "" && utf8(text).length <= maxReactionBytes && !/\p{Cc}/u.test(text);
  return texts.length <= maxReactionsOfAccount && texts.every(fits) ? texts : undefined;
}

/**
 * What one kind of message is: how it is read and written, what it does to a conversation, and what the chat
 * list says of it. Kinds are pure: they know lines, not storage (specification §7.4).
 */

import type { Bytes } from "../../schema/bytes.ts";
import type { MessageContent, MessagePreview } from "../api/engine_api.ts";
import type { MimiContent } from "./mimi_content.ts";

/** Which message it is and whose, by the MLS leaf: nothing inside of a content is believed about that. */
export interface Origin {
  /** MIMI message id as hex (64 digits), see message_id.ts. */
  id: string;
  /** Username. */
  sender: string;
  /** Account key as hex. */
  senderKey: string;
  /** When the server took it, as far as this device believes it, in ms. */
  atMs: number;
}

/** The line that a message id leads to. */
export interface Target {
  /** The line's place in the conversation. */
  order: string;
  /** hex, 16 bytes: the wire's messageId. It stays when the line gets another place. */
  messageId: string;
  /** Account key, as hex, of the line's sender. */
  senderKey: string;
  /** What the line shows now. */
  content: MessageContent;
  /** The id is that of a part of the line that a message brought and may take back: a reaction's id in `content`. */
  partId?: string;
}

/** The message that it changes is not known here: it is kept aside until that one arrives. */
export interface Wait {
  kind: "wait";
  /** It takes the message back, with all that its sender did to it. */
  deletes?: true;
  /** Its own id stands for the message, too, so that later changes may name it. */
  edits?: true;
}

/** What a message does to its conversation. */
export type Effect =
  /** A line of its own, at the end. */
  | { kind: "append"; content: MessageContent }
  /** The target's line shows this from now on. `partId`: the message's id leads to that part of it (a reaction). */
  | { kind: "change"; content: MessageContent; partId?: string }
  | Wait
  | { kind: "nothing" }
  /** Its sender may not do that (specification §7.3). */
  | { kind: "refused" };

/** One kind of message. `Content` is what the kind reads out of a container. */
export interface ContentKind<Content> {
  /** Its file in kinds/, its view in web/views/conversation/kinds/, its words, if any ("message.…" in web/i18n/). */
  readonly name: string;
  /** Whether a line of this kind is counted as unread. */
  readonly countsAsUnread: boolean;
  /** @returns undefined when the container is of another kind */
  read(content: MimiContent): Content | undefined;
  /** Absent: this version does not write it. @param salt 16 random bytes */
  write?(content: Content, salt: Bytes): MimiContent;
  /** @returns the 32-byte id of the message that it is about */
  refersTo?(content: Content): Bytes | undefined;
  /** @param target undefined where it refers to no message, or to one that is not known here */
  apply(content: Content, origin: Origin, target: Target | undefined): Effect;
  /** @returns what the chat list says of a line that looks like this; undefined: another kind says it */
  preview?(line: MessageContent): MessagePreview | undefined;
}

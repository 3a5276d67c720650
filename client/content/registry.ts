/** All kinds of messages that this version knows. CONTRIBUTING, "Adding a kind of message". */

import type { MessageContent, MessagePreview } from "../api/engine_api.ts";
import type { Bytes } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import type { ContentKind, Effect, Origin, Target } from "./content_kind.ts";
import { attachmentsKind } from "./kinds/attachments.ts";
import { deleteKind } from "./kinds/delete.ts";
import { editKind } from "./kinds/edit.ts";
import { pollKind } from "./kinds/poll.ts";
import { pollEndKind } from "./kinds/pollend.ts";
import { reactionKind } from "./kinds/reaction.ts";
import { replyKind } from "./kinds/reply.ts";
import { textKind } from "./kinds/text.ts";
import { unsupportedKind } from "./kinds/unsupported.ts";
import { voteKind } from "./kinds/vote.ts";
import { decodeMimiContent, encodeMimiContent, type MimiContent } from "./mimi_content.ts";
import { type Profile, readProfile } from "./profile.ts";
import { readReceipt, type Receipt } from "./receipt.ts";
import { cutText } from "./visible_text.ts";

/** A container that a kind has read. */
export interface ReadMessage {
  /** The kind's name. */
  readonly kind: string;
  readonly countsAsUnread: boolean;
  /** 32 bytes: the id of the message that it is about. */
  readonly refersTo: Bytes | undefined;
  /** See {@link ContentKind.apply}. */
  apply(origin: Origin, target: Target | undefined): Effect;
}

/** What came of a message's bytes. */
export type ReadResult =
  | { kind: "read"; salt: Bytes; message: ReadMessage; expires?: MimiContent["expires"] }
  | { kind: "receipt"; receipt: Receipt }
  /** Undefined: it says nothing that counts. */
  | { kind: "profile"; profile: Profile | undefined }
  /** No container of the draft (its §8.1). `reason` is for logs. */
  | { kind: "malformed"; reason: string };

/** A kind with the type of its content hidden, so that all kinds fit into one list. */
interface RegisteredKind {
  readonly name: string;
  read(content: MimiContent): ReadMessage | undefined;
  preview(line: MessageContent): MessagePreview | undefined;
}

/** In the order in which they are asked: the first that reads a container has it. */
export const contentKinds: readonly RegisteredKind[] = [
  registered(deleteKind),
  registered(editKind),
  registered(reactionKind),
  registered(attachmentsKind),
  registered(voteKind),
  registered(pollEndKind),
  registered(pollKind),
  registered(replyKind),
  registered(textKind),
  registered(unsupportedKind),
];

/** @param bytes the container of a received message @returns never throws for foreign bytes */
export function readContent(bytes: Uint8Array): ReadResult {
  try {
    const content = decodeMimiContent(bytes);
    const receipt = readReceipt(content);
    if (receipt) return { kind: "receipt", receipt };
    const profile = readProfile(content);
    if (profile) return { kind: "profile", profile: profile === "nothing" ? undefined : profile };
    const { salt, expires } = content;
    return { kind: "read", salt, message: firstOf((kind) => kind.read(content)), expires };
  } catch (error) {
    if (error instanceof MalformedError) return { kind: "malformed", reason: error.message };
    throw error;
  }
}

/** @param id 32 bytes @returns the shortest container that deletes a message, without what its sender added to it */
export function deletionOf(id: Bytes): Bytes {
  return encodeMimiContent(deleteKind.write({ replaces: id }, new Uint8Array(16)));
}

/** Lines of the chat list are short. */
const previewLength = 200;

/** @returns what the chat list says of a line, its text cut to 200 UTF-16 units */
export function previewOf(line: MessageContent): MessagePreview {
  const preview = firstOf((kind) => kind.preview(line));
  return { ...preview, text: cutText(preview.text, previewLength) };
}

function registered<Content>(kind: ContentKind<Content>): RegisteredKind {
  return {
    name: kind.name,
    read(container) {
      const content = kind.read(container);
      if (content === undefined) return undefined;
      return {
        kind: kind.name,
        countsAsUnread: kind.countsAsUnread,
        refersTo: kind.refersTo?.(content),
        apply: (origin, target) => kind.apply(content, origin, target),
      };
    },
    preview: (line) => kind.preview?.(line),
  };
}

/** `unsupported` is the last kind. It reads every container, and it or `text` has a preview of every line. */
function firstOf<T>(ask: (kind: RegisteredKind) => T | undefined): T {
  for (const kind of contentKinds) {
    const answer = ask(kind);
    if (answer !== undefined) return answer;
  }
  throw new Error("no kind of message answered");
}

/** Files with a text, or without: one external part, or several parts of which each is shown (specification §7.7). */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { maxAttachments } from "../../api/attachments.ts";
import type { StoredAttachment } from "../../attachments/attachment.ts";
import {
  attachmentPart,
  hintsFor,
  hintsKey,
  hintsOf,
  isAttachmentPart,
  readAttachmentPart,
} from "../attachment_part.ts";
import { container, plainTextOf, textBody } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";
import { Disposition, type MimiContent, type NestedPart } from "../mimi_content.ts";

export interface AttachmentsContent {
  /** The text beside them; may be empty. */
  text: string;
  /** 1 to 30 */
  attachments: StoredAttachment[];
  /** 32 bytes: the message that it answers. */
  inReplyTo?: Bytes;
}

/** A message that has more of them, or one that can not be opened, is shown by the names of its parts, as a text. */
export const attachmentsKind = {
  name: "attachments",
  countsAsUnread: true,
  read({ replaces, inReplyTo, body, extensions }) {
    if (replaces) return undefined;
    const { files, texts } = partsOf(body);
    if (files.length === 0 || files.length > maxAttachments || texts.length > 1) return undefined;
    const hints = hintsOf(extensions);
    const attachments = files.map((part, index) => readAttachmentPart(part, hints[index]));
    if (!attachments.every((one) => one !== undefined)) return undefined;
    return { text: texts[0] ?? "", attachments, ...(inReplyTo && { inReplyTo }) };
  },
  write({ text, attachments, inReplyTo }, salt): MimiContent {
    const parts = [...attachments.map(attachmentPart), ...(text === "" ? [] : [textBody(text)])];
    const body: NestedPart = parts.length === 1
      ? parts[0]
      : { disposition: Disposition.render, language: "", cardinality: "multi", semantics: "process-all", parts };
    const content = container(salt, body, inReplyTo ? { inReplyTo } : {});
    return { ...content, extensions: new Map([[hintsKey, hintsFor(attachments)]]) };
  },
  apply: ({ text, attachments, inReplyTo }, _origin: unknown, target) => ({
    kind: "append",
    content: {
      text,
      attachments,
      attached: { kind: attachments[0].kind, name: attachments[0].name, count: attachments.length },
      ...(inReplyTo && {
        replyTo: { id: toHex(inReplyTo), ...(target && { order: target.order, messageId: target.messageId }) },
      }),
    },
  }),
  refersTo: ({ inReplyTo }) => inReplyTo,
  preview: ({ text, attached, unsupported }) => (attached && !unsupported ? { text, attached } : undefined),
} satisfies ContentKind<AttachmentsContent>;

/** The attachments and texts of a body that has nothing else; none where it has. */
function partsOf(body: NestedPart) {
  const parts = body.cardinality === "multi" && body.semantics === "process-all" ? body.parts : [body];
  const files = parts.filter(isAttachmentPart);
  const texts = parts.flatMap((part) => plainTextOf(part) ?? []);
  return files.length + texts.length === parts.length ? { files, texts } : { files: [], texts: [] };
}

/** A message's line as it is stored: place, time and sender, and the content of its kind. */

import type { MessageContent } from "../../api/engine_api.ts";
import type { LineRecord } from "./records.ts";

export type MessageLine = Extract<LineRecord, { kind: "message" }>;

/** All fields that are not content. So a kind that adds content need not be listed here. */
const ownFields: Record<Exclude<keyof MessageLine, keyof MessageContent>, true> = {
  kind: true,
  messageId: true,
  order: true,
  sender: true,
  senderKey: true,
  own: true,
  elsewhere: true,
  revokedDevice: true,
  atMs: true,
  state: true,
  errorCode: true,
  timerMs: true,
  untilMs: true,
  sentIn: true,
  content: true,
  mimiId: true,
};

/** @returns the content that the line shows */
export function contentOf(line: MessageLine): MessageContent {
  const shown = Object.entries(line).filter(([field, value]) => !(field in ownFields) && value !== undefined);
  return Object.fromEntries(shown) as unknown as MessageContent;
}

/**
 * @returns the line with another content; nothing of the old content is left, and nothing to resend after a
 *   deletion
 */
export function withContent(line: MessageLine, content: MessageContent): MessageLine {
  if (content.deleted) {
    const { kind, messageId, order, sender, senderKey, own, elsewhere, revokedDevice, atMs, mimiId, timerMs, untilMs } =
      line;
    // A deleted own message has reached the server.
    const state = line.state === "received" ? "received" : "sent";
    const marks = {
      ...(elsewhere && { elsewhere }),
      ...(revokedDevice && { revokedDevice }),
      ...(mimiId !== undefined && { mimiId }),
      ...(timerMs !== undefined && { timerMs }),
      ...(untilMs !== undefined && { untilMs }),
    };
    return { kind, messageId, order, sender, senderKey, own, ...marks, atMs, state, ...content };
  }
  const kept = Object.entries(line).filter(([field]) => field in ownFields);
  return { ...Object.fromEntries(kept), ...content } as MessageLine;
}

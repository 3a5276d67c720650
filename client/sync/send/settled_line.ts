/** What the server's final answer makes of a message's line. */

import type { Bytes } from "../../../schema/bytes.ts";
import { decodeMimiContent } from "../../content/mimi_content.ts";
import { withEnd } from "../conversation/expiry.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import type { OutboxRecord } from "../conversation/outbox_record.ts";
import type { SentIn } from "../conversation/records.ts";
import type { Outcome } from "./publisher.ts";

/**
 * @param nowMs by this device's clock: from then on, or from the server's time on, a message that disappears stays its
 *   time. The later one counts: a clock that is behind takes nothing too early
 * @returns the line, still at its place and with its time: conversation/moved_line.ts gives it others
 */
export function settledLine(line: MessageLine, outcome: Outcome, nowMs: number): MessageLine {
  const { state, record: { sealed, content } } = outcome;
  if (state === "failed") return { ...line, state, errorCode: outcome.errorCode };
  const sent = sentIn(sealed!, content, outcome.receivedMs, line.sentIn?.writtenMs ?? line.atMs);
  return withEnd({ ...line, state, sentIn: sent }, Math.max(nowMs, outcome.receivedMs));
}

/** @param receivedMs when the server took it @param writtenMs when it was written, by this device's clock */
export function sentIn(
  { epoch, channel }: NonNullable<OutboxRecord["sealed"]>,
  content: Bytes,
  receivedMs: number,
  writtenMs: number,
): SentIn {
  const { salt } = decodeMimiContent(content);
  return { epoch, ...(channel !== undefined && { channel }), atMs: receivedMs, writtenMs, salt };
}

/** What the server's final answer makes of a message's line. */

import { decodeMimiContent } from "../../content/mimi_content.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import type { SentIn } from "../conversation/records.ts";
import type { Outcome } from "./publisher.ts";

/** @returns the line, still at its place and with its time: conversation/moved_line.ts gives it others */
export function settledLine(line: MessageLine, outcome: Outcome): MessageLine {
  const { state, record: { sealed, content } } = outcome;
  if (state === "failed") return { ...line, state, errorCode: outcome.errorCode };
  const { epoch, channel } = sealed!;
  const sentIn: SentIn = {
    epoch,
    ...(channel !== undefined && { channel }),
    atMs: outcome.receivedMs,
    writtenMs: line.sentIn?.writtenMs ?? line.atMs,
    salt: decodeMimiContent(content).salt,
  };
  return { ...line, state, sentIn };
}

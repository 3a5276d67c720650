/** What an answer of the server means for the outbox, and for the line of a message (specification §4.2). */

import { ErrorCode } from "../../../schema/rpc/errors.ts";
import { decodeMimiContent } from "../../content/mimi_content.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import type { SentIn } from "../conversation/records.ts";
import type { Outcome } from "./publisher.ts";

/** What to do after an error of `publish`. */
export type Verdict = "seal-again" | "await-epoch" | "later" | "failed";

/**
 * @param code the wire's
 * @param sealedEpoch the envelope's epoch
 * @param ownEpoch this device's epoch now
 */
export function judgeAnswer(code: number, sealedEpoch: number, ownEpoch: number): Verdict {
  switch (code) {
    case ErrorCode.epochConflict:
    // The server has this device's commit, or its acknowledgement of one, and these bytes are older
    // (specification §4.2). The server looks for repeats before the epoch, so it does not have this message.
    case ErrorCode.staleEpoch:
      return sealedEpoch < ownEpoch ? "seal-again" : "await-epoch";
    case ErrorCode.notAMember:
    case ErrorCode.malformed:
    case ErrorCode.payloadTooLarge:
    case ErrorCode.forbidden:
      return "failed";
    default:
      return "later";
  }
}

/** @returns the line as the server's final answer makes it */
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

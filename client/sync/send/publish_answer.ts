/** What an error of the server means for the outbox (specification §4.2). */

import { ErrorCode } from "../../../schema/rpc/errors.ts";

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

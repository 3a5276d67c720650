/**
 * Answers to calls that a limit of the gateway ends. They are Returns as the core sends them, so that clients
 * know one kind of answer only.
 */
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { encodeError } from "../schema/rpc/messages.ts";

/** Advice to the caller. Calls end by themselves, so there is room again soon. */
const busyMs = 1_000;

const tooMany = encodeError(new WireError(ErrorCode.rateLimited, "too many calls under way", busyMs));
const tooLarge = encodeError(new WireError(ErrorCode.payloadTooLarge, "the call is over the gateway's limit"));

/**
 * The bytes of the answer to a call above `callsPerSession` or `callsPerAddress` (E005), or above
 * `bytesPerCall` (E011).
 */
export const callRefusal = { tooMany, tooLarge } as const;

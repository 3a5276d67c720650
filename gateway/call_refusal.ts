/**
 * Answers to calls that a limit of the gateway ends. They are Returns in the core's form, so that clients
 * handle only one kind of answer.
 */
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { encodeError } from "../schema/rpc/calls_and_returns.ts";

/** Advice to the caller, in ms. Calls end by themselves, so there is soon room again. */
const busyMs = 1_000;

const tooMany = encodeError(new WireError(ErrorCode.rateLimited, "too many calls under way", busyMs));
const tooLarge = encodeError(new WireError(ErrorCode.payloadTooLarge, "the call is over the gateway's limit"));

/**
 * The bytes of the answer to a call above `callsPerSession` or `callsPerAddress` (E005), or above
 * `bytesPerCall` (E011).
 */
export const callRefusal = { tooMany, tooLarge } as const;

/** Failures as errors of JSON-RPC 2.0 and back: with the sentence, the hint and the code that `qpq` prints. */

import { type JSONRPCError, JSONRPCErrorCode } from "json-rpc-2.0";
import { Failure, failureOf } from "../failure.ts";
import { exitCodes } from "../usage.ts";

/** The codes of errors that JSON-RPC 2.0 leaves to the server. */
export const rpcCodes = {
  /** What was called has failed: `data` says why. */
  failed: -32_000,
  /** A bound of the daemon was met. */
  tooMuch: -32_001,
  /** The daemon ends. */
  ending: -32_002,
} as const;

/** Thrown by what serves a call: a failure with a code of its own. */
export class RpcFailure extends Failure {
  constructor(readonly rpcCode: number, message: string, hint?: string) {
    super(exitCodes.failed, message, hint);
  }
}

/** Thrown by a call that has said something before it failed: of a message that is kept, say. */
export class FailedAfter extends Error {
  constructor(readonly record: object, cause: unknown) {
    super("failed after a record", { cause });
  }
}

/** @param record what was said before it failed @returns what a call is answered with that threw */
export function rpcErrorOf(error: unknown, record?: object): JSONRPCError {
  if (error instanceof FailedAfter) return rpcErrorOf(error.cause, error.record);
  const failure = failureOf(error);
  const { exitCode, message, hint, code } = failure;
  const rpcCode = failure instanceof RpcFailure
    ? failure.rpcCode
    : exitCode === exitCodes.usage
    ? JSONRPCErrorCode.InvalidParams
    : rpcCodes.failed;
  return {
    code: rpcCode,
    message,
    data: { ...(code && { code }), ...(hint && { hint }), exitCode, ...(record && { record }) },
  };
}

/** @returns an answered error as the failure that it was */
export function failureOfRpc({ message, data }: Pick<JSONRPCError, "message" | "data">): Failure {
  const { exitCode, hint, code } = (data ?? {}) as { exitCode?: unknown; hint?: unknown; code?: unknown };
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  return new Failure(typeof exitCode === "number" ? exitCode : exitCodes.failed, message, text(hint), text(code));
}

/** Maps errors of the wire, the storage and the codecs to the engine's errors. */

import { codeName, ErrorCode, TransportError, WireError } from "../../schema/rpc/errors.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import { GuardError, StorageError } from "../storage/storage.ts";

/** @param code one of the wire's */
function wireProblem(code: number, detail: string, retryAfterMs?: number): EngineError {
  return new EngineError({ code: codeName(code), detail, ...(retryAfterMs && { retryAfterMs }) });
}

/** @returns L020: an answer of the server that is malformed, or that does not prove what it says */
export function badAnswer(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badAnswer, detail });
}

/**
 * @returns any thrown value as an EngineError: the server's code, L001 without an answer, L005 for storage,
 *   L020 for a malformed answer, L050 for a bug
 */
export function engineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof WireError) return wireProblem(error.code, error.reason, error.retryAfterMs);
  if (error instanceof TransportError) {
    return new EngineError({
      code: LocalCode.offline,
      detail: error.unsent ? "the server can not be reached" : "the server did not answer",
    });
  }
  if (error instanceof StorageError || error instanceof GuardError) {
    return new EngineError({ code: LocalCode.storage, detail: error.message });
  }
  if (error instanceof MalformedError) return badAnswer(error.message);
  return new EngineError({ code: LocalCode.internal, detail: (error as Error)?.message ?? String(error) });
}

/** @returns whether it says that there is no connection, or that the server stops (L001, E040) */
export function isDisconnection(error: unknown): boolean {
  const { code } = engineError(error).problem;
  return code === LocalCode.offline || code === codeName(ErrorCode.draining);
}

/** Runs `work`; what it rejects with is an EngineError. */
export async function asEngineErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw engineError(error);
  }
}

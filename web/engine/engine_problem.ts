/** Errors of the engine as plain data, for the Worker's port and for other tabs. */

import { EngineError, type EngineProblem, LocalCode } from "../../client/api/errors.ts";

/** @returns the problem of any thrown value; L050 (a bug) for any value but an EngineError */
export function problemOf(error: unknown): EngineProblem {
  if (error instanceof EngineError) return error.problem;
  return {
    code: LocalCode.internal,
    detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}

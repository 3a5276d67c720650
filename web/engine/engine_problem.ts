/** Errors of the engine as plain data, for the ways out of the Worker and between tabs. */

import { EngineError, type EngineProblem, LocalCode } from "../../client/api/errors.ts";

/** @returns the problem of anything thrown; what is not an EngineError is a bug of ours, L050 */
export function problemOf(error: unknown): EngineProblem {
  if (error instanceof EngineError) return error.problem;
  return {
    code: LocalCode.internal,
    detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}

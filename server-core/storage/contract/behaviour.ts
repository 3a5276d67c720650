/** A behaviour that every storage engine must have: one test, of one method. */

import type { ErrorCode } from "../../../schema/rpc/errors.ts";
import type { World } from "./world.ts";

/**
 * does: the result and the changes of a call. refuses: the call is answered with an error. repeats: the same
 * call comes again. races: two calls run at once.
 */
export type BehaviourKind = "does" | "refuses" | "repeats" | "races";

export interface Behaviour<Method extends string = string> {
  method: Method;
  kind: BehaviourKind;
  /** The rest of the test's name after "method() ". */
  sentence: string;
  /** For refuses: the errors with which the method must answer in the test. */
  codes: ErrorCode[];
  run(world: World): Promise<void>;
}

type Run = (world: World) => Promise<void>;
type Declare = <Method extends string>(method: Method, sentence: string, run: Run) => Behaviour<Method>;

const declare = (kind: BehaviourKind): Declare => (method, sentence, run) => ({
  method,
  kind,
  sentence,
  codes: [],
  run,
});

/** Declares the result and the changes of a call. */
export const does = declare("does");
/** Declares the effect of a repeated call. */
export const repeats = declare("repeats");
/** Declares the effect of two calls at once. */
export const races = declare("races");

/**
 * Declares when a call is refused.
 *
 * @param codes the errors; the test fails unless the method has answered with each of them
 */
export function refuses<Method extends string>(
  method: Method,
  codes: ErrorCode | ErrorCode[],
  sentence: string,
  run: Run,
): Behaviour<Method> {
  return { method, kind: "refuses", sentence, codes: [codes].flat(), run };
}

/** A behaviour that every storage engine must have: one test, of one method. */

import type { ErrorCode } from "../../../schema/rpc/errors.ts";
import type { World } from "./world.ts";

/**
 * does: what a call gives and changes. refuses: when it is answered with an error. repeats: what the same
 * call does when it comes again. races: what two calls at once do.
 */
export type BehaviourKind = "does" | "refuses" | "repeats" | "races";

export interface Behaviour<Method extends string = string> {
  method: Method;
  kind: BehaviourKind;
  /** What follows "method() " in the test's name. */
  sentence: string;
  /** For refuses: the errors that the test must see the method answer with. */
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

/** Declares what a call gives and changes. */
export const does = declare("does");
/** Declares what the same call does when it comes again. */
export const repeats = declare("repeats");
/** Declares what two calls at once do. */
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

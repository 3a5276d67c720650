/**
 * The interface between the page and its Worker over comlink: calls by name, and one listener. Import it on
 * both sides before the first call.
 */

import { transferHandlers } from "comlink";
import { EngineError, type EngineProblem } from "../../client/api/errors.ts";
import type { PageSentinel } from "../../client/storage/sentinel.ts";
import type { EmitEvent, EngineMethod } from "./engine_methods.ts";

export interface EnginePort {
  call(method: EngineMethod, args: unknown[]): Promise<unknown>;
  /**
   * Gives the Worker the page's listener and its side of the eviction sentinel. Only then the engine opens.
   */
  attach(listener: EmitEvent, sentinel: PageSentinel): void;
  /** Whether the page is visible, at the start and with each change: a Worker does not see that. */
  setVisible(isVisible: boolean): void;
}

type Thrown = { value: unknown };
type Handler = {
  canHandle(value: unknown): value is Thrown;
  serialize(value: Thrown): [unknown, Transferable[]];
  deserialize(value: unknown): never;
};

// comlink transfers only name, message and stack of an Error, but the view needs the problem's code.
const plain = transferHandlers.get("throw") as unknown as Handler;
const keepingProblem: Handler = {
  canHandle: plain.canHandle,
  serialize: (
    thrown,
  ) => (thrown.value instanceof EngineError ? [{ engineProblem: thrown.value.problem }, []] : plain.serialize(thrown)),
  deserialize(serialized) {
    const problem = (serialized as { engineProblem?: EngineProblem }).engineProblem;
    if (problem) throw new EngineError(problem);
    return plain.deserialize(serialized);
  },
};
transferHandlers.set("throw", keepingProblem as never);

/**
 * What the page and its Worker say to each other: one call by name, and one listener, over comlink. Import on
 * both sides before the first call.
 */

import { transferHandlers } from "comlink";
import { EngineError, type EngineProblem } from "../../client/api/errors.ts";
import type { PageSentinel } from "../../client/storage/sentinel.ts";
import type { EmitEvent, EngineMethod } from "./engine_methods.ts";

export interface EnginePort {
  call(method: EngineMethod, args: unknown[]): Promise<unknown>;
  /** The page introduces itself: where events go, and its side of the eviction sentinel. The engine opens only then. */
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

// comlink keeps only name, message and stack of an Error; the view needs the problem's code.
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

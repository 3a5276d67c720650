/**
 * An action of the user that takes time: one run at a time, with its problem for display. It counts as "long"
 * only after 200 ms, so that short waits do not flicker.
 */

import { createSignal } from "solid-js";
import { EngineError, type EngineProblem, LocalCode } from "../../client/api/errors.ts";

const shortWaitMs = 200;

export interface Task {
  running(): boolean;
  /** Running, and longer than 200 ms. */
  long(): boolean;
  problem(): EngineProblem | undefined;
  clear(): void;
  /** Does the work unless it runs already. @returns whether it succeeded */
  run(work: () => Promise<unknown>): Promise<boolean>;
}

/** @returns the problem of a rejected call */
export function problemFrom(error: unknown): EngineProblem {
  if (error instanceof EngineError) return error.problem;
  console.error(error);
  return { code: LocalCode.internal, detail: String(error) };
}

/** @returns an action: whether it runs, whether it takes longer than 200 ms, and its problem */
export function createTask(): Task {
  const [running, setRunning] = createSignal(false);
  const [long, setLong] = createSignal(false);
  const [problem, setProblem] = createSignal<EngineProblem>();
  return {
    running,
    long,
    problem,
    clear: () => setProblem(undefined),
    async run(work) {
      if (running()) return false;
      setRunning(true);
      setProblem(undefined);
      const timer = setTimeout(() => setLong(true), shortWaitMs);
      try {
        await work();
        return true;
      } catch (error) {
        setProblem(problemFrom(error));
        return false;
      } finally {
        clearTimeout(timer);
        setLong(false);
        setRunning(false);
      }
    },
  };
}

/** One timer for all that waits equally long. Thousands of calls would else have two timers each, made and ended. */

interface Shared {
  runs: Set<() => void>;
  timer: ReturnType<typeof setInterval>;
}

const shared = new Map<number, Shared>();

/**
 * Calls `run` every `periodMs`, for the first time after at most that.
 *
 * @param run must not throw
 * @returns ends it
 */
export function every(periodMs: number, run: () => void): () => void {
  const found = shared.get(periodMs) ?? begin(periodMs);
  found.runs.add(run);
  return () => {
    found.runs.delete(run);
    if (found.runs.size > 0 || shared.get(periodMs) !== found) return;
    clearInterval(found.timer);
    shared.delete(periodMs);
  };
}

function begin(periodMs: number): Shared {
  const runs = new Set<() => void>();
  const timer = setInterval(() => {
    for (const run of runs) run();
  }, periodMs);
  const made = { runs, timer };
  shared.set(periodMs, made);
  return made;
}

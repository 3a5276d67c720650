/** Reports progress of work that takes longer than 200 ms; shorter work would only flicker. */

import type { Progress } from "../api/engine_api.ts";
import type { Environment } from "../runtime/environment.ts";

const quietMs = 200;

/**
 * @param tell called with the progress of slow work, and with `undefined` at its end
 * @param work receives a function that reports its progress
 */
export async function withProgress<T>(
  environment: Environment,
  task: Progress["task"],
  tell: (progress: Progress | undefined) => void,
  work: (advance: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let latest: Progress = { task };
  let slow = false;
  const cancel = environment.after(quietMs, () => {
    slow = true;
    tell(latest);
  });
  try {
    return await work((done, total) => {
      latest = { task, done, total };
      if (slow) tell(latest);
    });
  } finally {
    cancel();
    if (slow) tell(undefined);
  }
}

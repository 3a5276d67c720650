/**
 * Trying again beside an attempt that is still under way: packets that were lost are sent again after 1, 3
 * and 7 s only, so a fresh attempt finds a peer that came back sooner.
 */

export interface StaggerOptions<T> {
  /** One attempt; `signal` gives it up. */
  attempt(signal: AbortSignal): Promise<T>;
  /** What is done with the result of an attempt that another one outran. */
  discard(late: T): void;
  /** Ms from one attempt to the next; from 1, how many have begun. */
  everyMs: number | ((begun: number) => number);
  /** Attempts under way at once; with one more the oldest is given up. */
  atOnce: number;
  /** Runs `run` once after `delayMs`. @returns cancels it */
  after(delayMs: number, run: () => void): () => void;
  /**
   * Hands out what begins a further attempt at once, for one who knows that the peer may be back. @returns
   * takes it back
   */
  reconnectNow?(beginNow: () => void): () => void;
  /** Gives all up. */
  signal: AbortSignal;
}

/**
 * @returns the result of the first attempt that succeeds
 * @throws the error of the last attempt, once none is under way; the signal's reason
 */
export function staggered<T>(
  { attempt, discard, everyMs, atOnce, after, reconnectNow: hurry, signal }: StaggerOptions<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const underWay = new Set<AbortController>();
    let over = false;
    let begun = 0;
    let cancel = () => {};
    let stopHurry = () => {};
    const end = (finish: () => void) => {
      if (over) return;
      over = true;
      cancel();
      stopHurry();
      signal.removeEventListener("abort", giveUp);
      for (const one of underWay) one.abort(new Error("another attempt was faster"));
      finish();
    };
    const giveUp = () => end(() => reject(signal.reason));
    const next = () => {
      const own = new AbortController();
      underWay.add(own);
      if (underWay.size > atOnce) {
        const [oldest] = underWay;
        underWay.delete(oldest);
        oldest.abort(new Error("gave no answer"));
      }
      attempt(own.signal).then((result) => {
        underWay.delete(own);
        if (over) discard(result);
        else end(() => resolve(result));
      }, (error) => {
        underWay.delete(own);
        if (underWay.size === 0) end(() => reject(error));
      });
      begun++;
      cancel = after(typeof everyMs === "number" ? everyMs : everyMs(begun), next);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    stopHurry = hurry?.(() => {
      cancel();
      next();
    }) ?? stopHurry;
    next();
  });
}

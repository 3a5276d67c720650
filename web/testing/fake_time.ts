/** Time in the engine in memory. */

/** @param ms real time */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

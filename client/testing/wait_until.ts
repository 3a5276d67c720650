/** Waits for a condition of a test: checks it at each event, and every 50 ms. */

const checkEveryMs = 50;

/**
 * @param look gives a result, or undefined or false to go on waiting
 * @param watchers are called at each event
 * @param describe makes the message of the failure
 * @returns the result of `look`
 * @throws Error after `withinMs` ms
 */
export async function waitUntil<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  watchers: Set<() => void>,
  withinMs: number,
  describe: () => Promise<string>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  while (true) {
    const found = await look();
    if (found) return found as T;
    if (Date.now() > deadline) throw new Error(await describe());
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, checkEveryMs);
      function finish() {
        clearTimeout(timer);
        watchers.delete(finish);
        resolve();
      }
      watchers.add(finish);
    });
  }
}

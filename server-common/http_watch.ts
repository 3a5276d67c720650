/**
 * Watches that a port accepts connections, and listens anew when it does not.
 *
 * Deno 2.9.6 stops accepting for good, and says nothing, when the process has no file descriptor left for a new
 * connection (EMFILE). `http_descriptors_test.ts` shows it.
 */

export interface WatchedListener {
  /** Connects to the port as a client would. */
  connect(): Promise<Disposable>;
  /** Connections that were accepted until now. */
  accepted(): number;
  /** Closes the listener, if it is open, and listens again on the same port. */
  listen(): Promise<void>;
  /** Told after `listen`. */
  onRestart(): void;
  /** Told once, when the process may not connect to its own port: then nothing is watched. */
  onBlind(): void;
}

/** How often the port is looked at. */
const lookMs = 5_000;
/** A busy process accepts late. */
const acceptMs = 3_000;
const stepMs = 20;

/** @returns a function that ends the watch */
export function watchListener(listener: WatchedListener): () => void {
  let seen = listener.accepted();
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      if (seen === listener.accepted() && !await accepts(listener)) {
        await listener.listen();
        listener.onRestart();
      }
      seen = listener.accepted();
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        clearInterval(timer);
        listener.onBlind();
      }
      // Else the next look tries again: there are no descriptors, or another program took the port.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  return () => clearInterval(timer);
}

/** @throws when this process can not open a connection itself, which says nothing about the port */
async function accepts({ connect, accepted }: WatchedListener): Promise<boolean> {
  const before = accepted();
  const deadlineMs = performance.now() + acceptMs;
  let failure: unknown;
  const connecting = connect().catch((error) => void (failure = error));
  while (accepted() === before && failure === undefined && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  void connecting.then((connection) => connection?.[Symbol.dispose]());
  if (failure !== undefined && !(failure instanceof Deno.errors.ConnectionRefused)) throw failure;
  return accepted() !== before;
}

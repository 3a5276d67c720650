/** The life of a server process: unhandled errors, and what ends it: signals, and the end of its parent. */

/**
 * Reports unhandled promise rejections and lets the process continue. A fault of one connection must never
 * end the server: Deno itself rejects some promises of its QUIC API when a peer misbehaves.
 */
export function reportUnhandledRejections(report: (reason: unknown) => void): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
}

/**
 * Set to "1" by a parent that keeps the other end of this process's standard input: its end is the parent's end,
 * however that came about. A server that runs alone has no such parent, and its standard input may be anything.
 */
const endsWithStdin = "QPQ_END_WITH_STDIN";

/**
 * Calls `stop` once: on the first SIGINT or SIGTERM (Windows only has SIGINT), or when the parent is gone that
 * {@link endsWithStdin} tells of. What comes later has no effect.
 *
 * @param stop gets what asks for the end, for the log
 */
export function onStopSignal(stop: (signal: Deno.Signal | "parent ended") => void): void {
  let isStopping = false;
  const once = (reason: Deno.Signal | "parent ended") => {
    if (isStopping) return;
    isStopping = true;
    stop(reason);
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, () => once(signal));
  if (Deno.env.get(endsWithStdin) === "1") void stdinEnded().then(() => once("parent ended"));
}

/** Resolves when nobody has the other end of standard input any more. What comes through it is dropped. */
async function stdinEnded(): Promise<void> {
  const bytes = new Uint8Array(64);
  try {
    while (await Deno.stdin.read(bytes) !== null);
  } catch {
    // There is no standard input to read: nobody can have its other end.
  }
}

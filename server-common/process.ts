/** The life of a server process: unhandled errors, and the signals that end it. */

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

/** Calls `stop` on the first SIGINT or SIGTERM (Windows only has SIGINT); later signals have no effect. */
export function onStopSignal(stop: (signal: Deno.Signal) => void): void {
  let isStopping = false;
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      if (isStopping) return;
      isStopping = true;
      stop(signal);
    });
  }
}

/** The life of a server process: faults that nothing caught, and the signals that end it. */

/**
 * Reports promises that nothing handles and lets the process go on. One connection's fault must never end the
 * server: Deno itself rejects some promises of its QUIC API when a peer misbehaves.
 */
export function reportUnhandledRejections(report: (reason: unknown) => void): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
}

/** Calls back on the first SIGINT or SIGTERM (Windows has SIGINT only); later signals change nothing. */
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

/** What ends `qpq` from outside: interrupts of the terminal, those that its wrapper was sent, and the wrapper's end. */

const parentEveryMs = 1_000;

/**
 * Calls `interrupt` once for each interrupt. Ctrl+C comes twice: as SIGINT to every process of the terminal's group,
 * and as SIGUSR2 from the wrapper (qpq.mjs), which had it as well. What was sent to one of the two processes alone
 * comes once. So there were as many as the more frequent signal says.
 */
export function onInterrupt(interrupt: () => void): void {
  if (Deno.build.os === "windows") return Deno.addSignalListener("SIGINT", interrupt);
  const seen = { SIGINT: 0, SIGUSR2: 0 };
  let told = 0;
  for (const signal of ["SIGINT", "SIGUSR2"] as const) {
    Deno.addSignalListener(signal, () => {
      seen[signal]++;
      if (Math.max(seen.SIGINT, seen.SIGUSR2) === told) return;
      told++;
      interrupt();
    });
  }
}

/**
 * Calls `ended` once when the wrapper (qpq.mjs) is gone without having passed a signal on: it was killed, and nobody
 * would know this process. Does nothing where there is no wrapper.
 *
 * @param wrapper its process id, as it wrote it into the environment
 */
export function onWrapperEnd(wrapper: string | undefined, ended: () => void): void {
  if (wrapper === undefined || Deno.build.os === "windows") return;
  const timer = setInterval(() => {
    if (String(Deno.ppid) === wrapper) return;
    clearInterval(timer);
    ended();
  }, parentEveryMs);
  Deno.unrefTimer(timer);
}

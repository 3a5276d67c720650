/** Keeps the trusted time in storage, and says what became of it: in the log, in a metric, and in `clock` of status. */

import { errorFields, type Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import type { ClockStore } from "./storage/clock_store.ts";
import type { TrustedClock } from "./trusted_clock.ts";

/** A crash loses at most this much of the newest time. */
const keepEveryMs = 60_000;
const lookEveryMs = 5_000;
/** While the clocks are apart, the log says so this often. */
const remindEveryMs = 3_600_000;

export interface KeptClockOptions {
  clock: TrustedClock;
  store: ClockStore;
  log: Log;
  metrics: Metrics;
  /** Called when an operator has accepted the machine's clock. */
  onAccepted: () => void;
}

export interface KeptClock {
  /** To be called when another process has changed the database. */
  look(): void;
  /** Stores the time once more, and ends. */
  stop(): Promise<void>;
}

/** Goes on from the stored time, and stores it from now on. */
export async function keepClock({ clock, store, log, metrics, onAccepted }: KeptClockOptions): Promise<KeptClock> {
  clock.begin(await store.read());
  metrics.gauge(
    "qpq_clock_ahead_seconds",
    "how far the machine's clock is ahead of the time by which the core judges; not 0: an operator is needed",
    () => (clock.now(), Math.round(clock.differenceMs / 1000)),
  );
  const report = reporter(clock, log);
  const keep = async () => {
    const state = clock.state();
    const { stored, hasAccounts } = await store.keep(state);
    if (stored.accepted !== state.accepted) {
      clock.adopt(stored);
      log.info("the operator has accepted the machine's clock");
      onAccepted();
    } // Before the first account there is nothing to lose: the clock of a new machine may be set only now.
    else if (!hasAccounts && clock.differenceMs !== 0) clock.believe();
    report();
  };
  let keeping = keep();
  await keeping;
  const next = () => {
    keeping = keeping.then(keep).catch((error) => log.error("the time was not stored", errorFields(error)));
  };
  const timers = [setInterval(next, keepEveryMs), setInterval(report, lookEveryMs)];
  return {
    look: next,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      next();
      await keeping;
    },
  };
}

/** @returns a function that logs what has changed since its last call */
function reporter(clock: TrustedClock, log: Log): () => void {
  let wasApart = false;
  let saidMs = 0;
  let stepMs = 0;
  return () => {
    const nowMs = clock.now();
    const { differenceMs } = clock;
    if (clock.stepMs > stepMs) log.info("the machine's clock went ahead", { seconds: seconds(clock.stepMs) });
    if (clock.stepMs < stepMs && clock.mayPurge) log.info("the time after the clock's step is trusted now");
    stepMs = clock.stepMs;
    const isApart = differenceMs !== 0;
    if (isApart && (!wasApart || nowMs - saidMs >= remindEveryMs)) {
      saidMs = nowMs;
      log.warn("the machine's clock can not be right: nothing is purged, and the trusted time counts", {
        aheadSeconds: seconds(differenceMs),
        trustedTime: new Date(nowMs).toISOString(),
        hint: "set the clock, or say that it is right: qpq-server clock --accept",
      });
    }
    if (!isApart && wasApart) log.info("the machine's clock agrees with the trusted time again");
    wasApart = isApart;
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

/**
 * Watches this process's memory, and frees what ended connections hold. The limits bound what one address takes, not
 * what many together do, and QUIC's windows can not be made smaller. So above a mark whoever takes the most is cut off,
 * before the system ends the process and with it everybody's calls.
 */
import { collectGarbage, type GarbageCount } from "../server-common/garbage.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";

/** The memory is looked at this often, in ms. */
const lookMs = 250;
/** Memory is given back with a delay: so long, in ms, nobody else is cut off. */
const settleMs = 1_000;

export interface MemoryWatchOptions {
  /** bytes above which the greediest is cut off */
  limit: number;
  /** bytes in use; default: this process's resident memory */
  used?: () => number;
  /** In this order: each cuts somebody off, and returns how many streams that had; 0 for nobody. */
  shed: (() => number)[];
  /** Connections that have ended. */
  ended: GarbageCount;
  metrics: Metrics;
  log: Log;
}

/**
 * Begins to watch. Above the mark garbage is collected first: who makes connections that are refused would else have
 * others cut off for the memory of what has ended.
 *
 * @returns what ends it
 */
export function watchMemory(options: MemoryWatchOptions): () => void {
  const { limit, used = () => Deno.memoryUsage().rss, shed, ended, metrics, log } = options;
  let quietUntilMs = 0;
  const timer = setInterval(() => {
    const bytes = used();
    const isShort = bytes > limit;
    if (ended.isDue(performance.now(), isShort)) return collectGarbage(isShort);
    if (!isShort || performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + settleMs;
    let streams = 0;
    for (let index = 0; index < shed.length && streams === 0; index++) streams = shed[index]();
    if (streams > 0) {
      metrics.add("qpq_gateway_memory_shed_total");
      metrics.refuse("memory");
    }
    log.warn("memory-short", { usedMiB: toMiB(bytes), limitMiB: toMiB(limit), endedStreams: streams });
  }, lookMs);
  return () => clearInterval(timer);
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** Frees what ended connections hold, and closes the greediest one while the process holds too much memory. */

import { addressBlocks } from "../server-common/address_block.ts";
import { collectGarbage, type GarbageCount } from "../server-common/garbage.ts";
import type { Log } from "../server-common/log.ts";
import type { AddressPlaces } from "../server-common/address_places.ts";

/** How often it is looked, ms. */
const everyMs = 250;
/** Calls that are not wholly read, from which on a connection can be the greediest. An honest one has fewer. */
export const greedyCalls = 16;
/**
 * … and from which on an address can be it, over all of its connections: it may have 64 with fewer each. A /56 has 4
 * times, a /48 16 times as many.
 */
export const greedyCallsOfAddress = 96;

/** What the watch asks of a connection. */
export interface Watched {
  readonly isGateway: boolean;
  /** An IP literal. */
  readonly remoteAddress: string;
  /** Streams that hold memory of a caller who has not sent its call, or whose turn has not come. */
  readonly unread: number;
  close(reason: string, label: "memory"): void;
}

export interface MemoryWatchOptions {
  /** Resident bytes of the process from which on something is done. */
  limitBytes: number;
  connections: Iterable<Watched>;
  /** Calls behind gateways that are being read. */
  halfSent: AddressPlaces;
  /** Connections that have ended. */
  ended: GarbageCount;
  log: Log;
  /** @returns the resident bytes of the process */
  residentBytes?(): number;
}

/**
 * Starts to watch. What QUIC keeps of a stream that is not read can not be bounded (Deno gives each stream a window of
 * 1.25 MB), so this is the last resort: the client's connection with most unread streams is closed. Where each has few,
 * those of the address that has most in all are closed. Where it is the clients of a gateway, half of the calls that
 * are being read end with E005, those of the greediest addresses first.
 *
 * @returns stops it
 */
export function watchMemory(options: MemoryWatchOptions): () => void {
  const timer = setInterval(() => relieve(options), everyMs);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}

/** Looks at the memory once, and does what {@link watchMemory} says. */
export function relieve({ limitBytes, connections, halfSent, ended, log, residentBytes }: MemoryWatchOptions): void {
  const bytes = residentBytes?.() ?? Deno.memoryUsage().rss;
  const isShort = bytes >= limitBytes;
  if (ended.isDue(performance.now(), isShort)) return collectGarbage(isShort);
  if (!isShort) return;
  const greedy = greediestOf([...connections].filter(({ isGateway, unread }) => !isGateway && unread > 0));
  if (greedy.length > 0) {
    const unread = greedy.reduce((sum, connection) => sum + connection.unread, 0);
    log.warn("memory is short: the greediest is closed", { bytes, unread, connections: greedy.length });
    for (const connection of greedy) connection.close("the server is short of memory", "memory");
    return;
  }
  const ends = halfSent.size < greedyCalls ? 0 : Math.ceil(halfSent.size / 2);
  if (ends === 0) return;
  log.warn("memory is short: calls that are half sent are ended", { bytes, calls: ends });
  for (let ended = 0; ended < ends; ended++) halfSent.loseOne();
}

/** @returns the greediest connection, or those of the greediest address; none where all have few unread streams */
function greediestOf(connections: Watched[]): Watched[] {
  const [first] = [...connections].sort((a, b) => b.unread - a.unread);
  if (!first || first.unread >= greedyCalls) return first ? [first] : [];
  const byBlock = new Map<string, { of: Watched[]; unread: number }>();
  for (const connection of connections) {
    for (const { block, share } of addressBlocks(connection.remoteAddress)) {
      const here = byBlock.get(block) ?? { of: [], unread: 0 };
      here.of.push(connection);
      here.unread += connection.unread / share;
      byBlock.set(block, here);
    }
  }
  const [most] = [...byBlock.values()].sort((a, b) => b.unread - a.unread);
  return most.unread >= greedyCallsOfAddress ? most.of : [];
}

/**
 * Shares the places for calls to the core among the addresses. While there are enough, an address has its own limits
 * alone. When they run short, whoever has the most under way makes room.
 */
import { type AddressBlock, addressBlocks } from "../server-common/address_block.ts";
import { AddressUsage } from "../server-common/address_usage.ts";
import type { CallLimit } from "./metrics.ts";

/**
 * Calls of one address that its caller has not finished and that have no answer: half-sent ones, and uploads. Each may
 * be silent for `halfOpenMs`.
 */
export const maxUnfinishedPerAddress = 128;
/** Such a call makes room for another one of its address when it has been silent for so long, in ms. */
const silentMs = 1_000;
/** Calls of one address of which one side takes no bytes: QUIC holds a window of 1.25 MB for each. */
export const maxStalledPerAddress = 16;
/** One side has taken no bytes for so long, in ms. */
const stalledMs = 1_000;

/** How a call stands. */
export interface CallState {
  /** its caller has not finished, and there is no answer */
  isUnfinished: boolean;
  /** ms since bytes went through, either way */
  silentMs: number;
  /** ms for which one side has taken no bytes */
  stalledMs: number;
}

/** A call that is under way. */
export interface RunningCall {
  /** @param nowMs of `performance.now()` */
  state(nowMs: number): CallState;
  /** Ends it at once: another one needs its place. */
  end(): void;
}

/** The place of a call. To be given back once. */
export interface CallPlace {
  /** What is under way from now on. Before, the call waits for the core. */
  run(call: RunningCall): void;
  /** Whether another call got the place before {@link run}. */
  readonly isLost: boolean;
  give(): void;
}

interface Entry {
  blocks: AddressBlock[];
  call: RunningCall | undefined;
  isLost: boolean;
}

interface Block {
  share: number;
  entries: Set<Entry>;
}

/** All calls that are under way, by address. */
export class CallPlaces {
  readonly #perAddress: AddressUsage;
  readonly #places: () => number;
  readonly #ended: (limit: CallLimit) => void;
  readonly #blocks = new Map<string, Block>();
  #count = 0;

  /**
   * @param callsPerAddress of one address, whatever is free
   * @param places how many calls there is room for now
   * @param ended called when a call had to make room
   */
  constructor(callsPerAddress: number, places: () => number, ended: (limit: CallLimit) => void) {
    this.#perAddress = new AddressUsage(callsPerAddress);
    this.#places = places;
    this.#ended = ended;
  }

  /** @returns the place, or which limit refuses it */
  take(address: string): CallPlace | CallLimit {
    const blocks = addressBlocks(address);
    if (!blocks.every((block) => this.#makeRoomForUnfinished(block))) return "unfinishedCalls";
    if (this.#count >= this.#places() && !this.#makeRoom(blocks)) return "fairShare";
    if (!this.#perAddress.take(address)) return "callsPerAddress";
    const entry: Entry = { blocks, call: undefined, isLost: false };
    this.#count++;
    for (const { block, share } of blocks) this.#of(block, share).entries.add(entry);
    return {
      run: (call) => void (entry.call = call),
      get isLost() {
        return entry.isLost;
      },
      give: () => {
        this.#remove(entry);
        this.#perAddress.give(address);
      },
    };
  }

  /** Ends the longest stalled calls of each address above {@link maxStalledPerAddress}. */
  endStalled(): void {
    for (const { share, entries } of this.#blocks.values()) {
      if (entries.size <= maxStalledPerAddress) continue;
      const stalled = judged(entries).filter(({ state }) => state.stalledMs >= stalledMs);
      stalled.sort((a, b) => a.state.stalledMs - b.state.stalledMs);
      for (const { entry } of stalled.slice(maxStalledPerAddress * share)) this.#end(entry, "stalledCalls");
    }
  }

  /** Ends all calls of the address that has the most. @returns how many; 0 when none has `few` */
  endGreediest(few: number): number {
    const greediest = this.#greediest();
    if (!greediest || greediest.entries.size < few) return 0;
    const entries = [...greediest.entries];
    for (const entry of entries) this.#end(entry, "memory");
    return entries.length;
  }

  /** A half-sent call that is silent makes room for the next one of its address. */
  #makeRoomForUnfinished({ block, share }: AddressBlock): boolean {
    const most = share * maxUnfinishedPerAddress;
    const entries = this.#blocks.get(block)?.entries;
    if (!entries || entries.size < most) return true;
    const { count, longest } = unfinished(entries);
    if (count < most) return true;
    if (!longest || longest.silentMs < silentMs) return false;
    this.#end(longest.entry, "unfinishedCalls");
    return true;
  }

  /** @returns whether somebody who has more under way than this address gave a place */
  #makeRoom(blocks: AddressBlock[]): boolean {
    const greediest = this.#greediest();
    if (!greediest) return false;
    const mine = Math.max(
      ...blocks.map(({ block, share }) => ((this.#blocks.get(block)?.entries.size ?? 0) + 1) / share),
    );
    if (mine >= greediest.entries.size / greediest.share) return false;
    const worst = unfinished(greediest.entries).longest?.entry ??
      judged(greediest.entries).sort((a, b) => a.state.stalledMs - b.state.stalledMs).at(-1)!.entry;
    this.#end(worst, "fairShare");
    return true;
  }

  #greediest(): Block | undefined {
    let greediest: Block | undefined;
    for (const block of this.#blocks.values()) {
      if (!greediest || block.entries.size / block.share > greediest.entries.size / greediest.share) greediest = block;
    }
    return greediest;
  }

  #end(entry: Entry, limit: CallLimit): void {
    this.#remove(entry);
    entry.isLost = true;
    entry.call?.end();
    this.#ended(limit);
  }

  #remove(entry: Entry): void {
    if (entry.isLost) return;
    entry.isLost = true;
    this.#count--;
    for (const { block } of entry.blocks) {
      const entries = this.#blocks.get(block)?.entries;
      entries?.delete(entry);
      if (entries?.size === 0) this.#blocks.delete(block);
    }
  }

  #of(block: string, share: number): Block {
    const found = this.#blocks.get(block) ?? { share, entries: new Set() };
    this.#blocks.set(block, found);
    return found;
  }
}

interface Judged {
  entry: Entry;
  state: CallState;
}

/** A call that waits for the core has nothing to say yet. */
const waiting: CallState = { isUnfinished: true, silentMs: 0, stalledMs: 0 };

function judged(entries: Set<Entry>): Judged[] {
  const nowMs = performance.now();
  return [...entries].map((entry) => ({ entry, state: entry.call?.state(nowMs) ?? waiting }));
}

/** Asked for each call of an address that has many, so nothing is made on the way. */
function unfinished(entries: Set<Entry>): { count: number; longest?: { entry: Entry; silentMs: number } } {
  const nowMs = performance.now();
  let count = 0;
  let longest: Entry | undefined;
  let longestMs = -1;
  for (const entry of entries) {
    const { isUnfinished, silentMs } = entry.call?.state(nowMs) ?? waiting;
    if (!isUnfinished) continue;
    count++;
    if (silentMs > longestMs) [longest, longestMs] = [entry, silentMs];
  }
  return { count, longest: longest && { entry: longest, silentMs: longestMs } };
}

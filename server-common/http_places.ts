/**
 * The connections of an HTTP port, in total and by address block. A port that is full makes room for an address
 * with few connections, so that no address takes the port from the others.
 */

import { type AddressBlock, addressBlocks } from "./address_block.ts";
import { AddressRates } from "./address_rates.ts";

export interface PlacesOptions {
  /** connections at once. Each takes a file descriptor of the process */
  connections: number;
  /** of one IPv4 address or IPv6 /64; a /56 may have 4 times, a /48 16 times as many */
  connectionsPerAddress: number;
  /** new ones of the same a second, three seconds' worth at once; absent: as many as come */
  connectionsPerSecond?: number;
  /** an address behind which are many clients, such as a proxy: only the total counts for it */
  isTrusted?: (address: string) => boolean;
  /** told of each connection that had to end for want of room */
  onFull?: () => void;
}

/** So many seconds' worth of new connections may come at once. */
const burstSeconds = 3;
/**
 * An idle connection may go for anybody's new one after so long, in ms. Before, its request may be on its way: it goes
 * only for an address that has no more. Else who has many could end the others' as fast as they connect.
 */
const restingMs = 5_000;
/**
 * Of those who have many, who has one place less would take it from another, who takes it back: that would go on for
 * ever. So the other one has to have more by this share of what the newcomer would have.
 */
const clearlyMore = 0.125;
/** Addresses whose rates are remembered. A forgotten address has a fresh burst. */
const maxAddresses = 10_000;

/** One connection. */
export interface Place {
  /** none for a trusted address, but while it passes on a request: then its client's */
  blocks: readonly AddressBlock[];
  /** whether many clients are behind it */
  readonly isShared: boolean;
  /** requests in progress */
  busy: number;
  /** since when `busy` is 0, in the monotonic ms of `performance.now()` */
  idleSinceMs: number;
  /** whether a request came */
  hasAsked: boolean;
  /** ends the connection */
  end(): void;
}

/** The connections of one IPv4 address or IPv6 /64; the first of each set has been in it for longest. */
interface Group {
  blocks: readonly AddressBlock[];
  /** whose request may be on its way */
  silent: Set<Place>;
  answered: Set<Place>;
  busy: Set<Place>;
}

/** Who has a connection, and who has to leave when a further one comes. Its cost grows with addresses alone. */
export class HttpPlaces {
  readonly #options: PlacesOptions;
  /** By their first block. */
  readonly #groups = new Map<string, Group>();
  readonly #counts = new Map<string, number>();
  readonly #rate: AddressRates | undefined;
  #size = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
    const { connectionsPerSecond } = options;
    if (connectionsPerSecond === undefined) return;
    this.#rate = new AddressRates({
      perMinute: 60 * connectionsPerSecond,
      burst: burstSeconds * connectionsPerSecond,
      clock: () => performance.now(),
      maxKeys: maxAddresses,
    });
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Decides on a new connection, and ends another one where that is needed: an idle one of the same block if the block
   * is full; if the port is, an idle one of the block that has most, else a busy one of it.
   *
   * @param address an IP literal
   * @returns false when there is no room, and then the connection has to end; else {@link add} has to follow
   */
  admit(address: string): boolean {
    const isTrusted = this.#isTrusted(address);
    const isTooFast = !isTrusted && this.#rate !== undefined && this.#rate.take(address) > 0;
    if (!isTooFast && this.#hasRoom(isTrusted ? [] : addressBlocks(address))) return true;
    this.#options.onFull?.();
    return false;
  }

  /**
   * Gives a connection its place that was admitted just now.
   *
   * @param end ends the connection
   */
  add(address: string, end: () => void): Place {
    const isShared = this.#isTrusted(address);
    const blocks = isShared ? [] : addressBlocks(address);
    const place: Place = { blocks, isShared, busy: 0, idleSinceMs: performance.now(), hasAsked: false, end };
    this.#enter(place);
    return place;
  }

  #isTrusted(address: string): boolean {
    return this.#options.isTrusted?.(address) ?? false;
  }

  #hasRoom(blocks: AddressBlock[]): boolean {
    const { connections, connectionsPerAddress } = this.#options;
    for (const { block, share } of blocks) {
      if (this.#count(block) < share * connectionsPerAddress) continue;
      const isIn = (group: Group) => group.blocks.some((own) => own.block === block);
      if (!this.#dropHeaviest((group) => isIn(group) ? oldestIdle(group) : undefined)) return false;
    }
    if (this.#size < connections) return true;
    const own = this.#weight(blocks, 1);
    const restedMs = performance.now() - restingMs;
    const more = own + Math.floor(own * clearlyMore);
    return this.#dropHeaviest((group, weight) => oldestIdle(group, weight >= more ? Infinity : restedMs)) ||
      this.#dropHeaviest((group, weight) => weight > Math.max(1, own) ? first(group.busy) : undefined);
  }

  /** A request of the connection begins. */
  begin(place: Place): void {
    this.#change(place, () => {
      place.busy++;
      place.hasAsked = true;
    });
  }

  /**
   * Tells whose request it is that a trusted address passes on. While it is in progress, its connection counts for that
   * client: else one client could fill the port through the proxy, and nobody else would come in.
   */
  attribute(place: Place, address: string): void {
    // One that carries several clients' requests is nobody's.
    if (place.isShared) this.#change(place, () => place.blocks = place.busy === 1 ? addressBlocks(address) : []);
  }

  /** It is over. */
  end(place: Place): void {
    this.#change(place, () => {
      if (--place.busy > 0) return;
      if (place.isShared) place.blocks = [];
      place.idleSinceMs = performance.now();
    });
  }

  /** The connection is over. May be said twice. */
  give(place: Place): void {
    this.#leave(place);
  }

  /** What decides about a place is changed by this alone. */
  #change(place: Place, change: () => void): void {
    const isHere = this.#leave(place);
    change();
    if (isHere) this.#enter(place);
  }

  #enter(place: Place): void {
    const key = keyOf(place);
    const group = this.#groups.get(key) ??
      { blocks: place.blocks, silent: new Set(), answered: new Set(), busy: new Set() };
    this.#groups.set(key, group);
    setOf(group, place).add(place);
    this.#countOne(place, 1);
  }

  /** @returns whether it had its place until now */
  #leave(place: Place): boolean {
    const key = keyOf(place);
    const group = this.#groups.get(key);
    if (!group || !setOf(group, place).delete(place)) return false;
    if (group.silent.size + group.answered.size + group.busy.size === 0) this.#groups.delete(key);
    this.#countOne(place, -1);
    return true;
  }

  #countOne({ blocks }: Place, one: 1 | -1): void {
    this.#size += one;
    for (const { block } of blocks) {
      const left = this.#count(block) + one;
      if (left > 0) this.#counts.set(block, left);
      else this.#counts.delete(block);
    }
  }

  #count(block: string): number {
    return this.#counts.get(block) ?? 0;
  }

  /** What blocks have and get, by what they may have; 0 for those of a trusted address. */
  #weight(blocks: readonly AddressBlock[], more = 0): number {
    let most = 0;
    for (const { block, share } of blocks) most = Math.max(most, (this.#count(block) + more) / share);
    return most;
  }

  /**
   * Ends the connection of the block that has most, among those that may go. Of that block rather one that has got
   * its answer than one whose request may be on its way, and then the one that was idle first.
   *
   * @param mayGo names the first of a block
   */
  #dropHeaviest(mayGo: (group: Group, weight: number) => Place | undefined): boolean {
    let [found, most]: [Place | undefined, number] = [undefined, -1];
    for (const group of this.#groups.values()) {
      const weight = this.#weight(group.blocks);
      const place = weight < most ? undefined : mayGo(group, weight);
      if (!place || (found && weight === most && !goesBefore(place, found))) continue;
      [found, most] = [place, weight];
    }
    if (!found) return false;
    this.#options.onFull?.();
    this.give(found);
    found.end();
    return true;
  }
}

function keyOf({ blocks }: Place): string {
  return blocks[0]?.block ?? "";
}

function setOf({ silent, answered, busy }: Group, place: Place): Set<Place> {
  return place.busy > 0 ? busy : place.hasAsked ? answered : silent;
}

function first(places: Set<Place>): Place | undefined {
  const [place] = places;
  return place;
}

/** @param sinceMs it became idle then or before */
function oldestIdle({ silent, answered }: Group, sinceMs = Infinity): Place | undefined {
  return [first(answered), first(silent)].find((place) => place && place.idleSinceMs <= sinceMs);
}

function goesBefore(one: Place, other: Place): boolean {
  return one.hasAsked === other.hasAsked ? one.idleSinceMs < other.idleSinceMs : one.hasAsked;
}

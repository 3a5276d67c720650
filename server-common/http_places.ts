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
/** Less than any difference between the weights of two blocks. */
const asked = 1e-6;
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

/** Who has a connection, and who has to leave when a further one comes. */
export class HttpPlaces {
  readonly #options: PlacesOptions;
  /** In the order in which they became idle. */
  readonly #places = new Set<Place>();
  readonly #counts = new Map<string, number>();

  readonly #rate: AddressRates | undefined;

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
    return this.#places.size;
  }

  /**
   * Gives a new connection its place, and ends another one where that is needed: an idle one of the same block if
   * the block is full; if the port is, an idle one of the block that has most, else a busy one of it.
   *
   * @param address an IP literal
   * @param end ends the connection
   * @returns undefined when there is no room, and then the connection has to end
   */
  take(address: string, end: () => void): Place | undefined {
    const isTrusted = this.#options.isTrusted?.(address) ?? false;
    const blocks = isTrusted ? [] : addressBlocks(address);
    const isTooFast = !isTrusted && this.#rate !== undefined && this.#rate.take(address) > 0;
    if (isTooFast || !this.#hasRoom(blocks)) {
      this.#options.onFull?.();
      return;
    }
    const idleSinceMs = performance.now();
    const place: Place = { blocks, isShared: isTrusted, busy: 0, idleSinceMs, hasAsked: false, end };
    this.#places.add(place);
    this.#add(blocks, 1);
    return place;
  }

  #hasRoom(blocks: AddressBlock[]): boolean {
    const { connections, connectionsPerAddress } = this.#options;
    for (const { block, share } of blocks) {
      if (this.#count(block) < share * connectionsPerAddress) continue;
      const isIn = (place: Place) => place.blocks.some((own) => own.block === block);
      if (!this.#dropHeaviest((place) => place.busy === 0 && isIn(place))) return false;
    }
    if (this.#places.size < connections) return true;
    const own = this.#weight(blocks, 1);
    const restedMs = performance.now() - restingMs;
    const mayGo = (place: Place) => this.#weight(place.blocks) >= own || place.idleSinceMs <= restedMs;
    return this.#dropHeaviest((place) => place.busy === 0 && mayGo(place)) ||
      this.#dropHeaviest((place) => this.#weight(place.blocks) > Math.max(1, own));
  }

  /** A request of the connection begins. */
  begin(place: Place): void {
    place.busy++;
    place.hasAsked = true;
  }

  /**
   * Tells whose request it is that a trusted address passes on. While it is in progress, its connection counts for that
   * client: else one client could fill the port through the proxy, and nobody else would come in.
   */
  attribute(place: Place, address: string): void {
    if (!place.isShared || !this.#places.has(place)) return;
    // One that carries several clients' requests is nobody's.
    this.#reassign(place, place.busy === 1 ? addressBlocks(address) : []);
  }

  /** It is over. */
  end(place: Place): void {
    if (--place.busy > 0) return;
    if (place.isShared && this.#places.has(place)) this.#reassign(place, []);
    place.idleSinceMs = performance.now();
    if (this.#places.delete(place)) this.#places.add(place);
  }

  /** The connection is over. May be said twice. */
  give(place: Place): void {
    if (this.#places.delete(place)) this.#add(place.blocks, -1);
  }

  #reassign(place: Place, blocks: AddressBlock[]): void {
    this.#add(place.blocks, -1);
    place.blocks = blocks;
    this.#add(blocks, 1);
  }

  #add(blocks: readonly AddressBlock[], count: number): void {
    for (const { block } of blocks) {
      const left = this.#count(block) + count;
      if (left > 0) this.#counts.set(block, left);
      else this.#counts.delete(block);
    }
  }

  #count(block: string): number {
    return this.#counts.get(block) ?? 0;
  }

  /** What blocks have and get, by what they may have; 0 for those of a trusted address. */
  #weight(blocks: readonly AddressBlock[], more = 0): number {
    return Math.max(0, ...blocks.map(({ block, share }) => (this.#count(block) + more) / share));
  }

  /**
   * Ends the connection of the block that has most, among those that may go. Of that block rather one that has got
   * its answer than one whose request may be on its way, and then the one that was idle first.
   */
  #dropHeaviest(mayGo: (place: Place) => boolean): boolean {
    let [found, most]: [Place | undefined, number] = [undefined, -1];
    for (const place of this.#places) {
      if (!mayGo(place)) continue;
      const weight = this.#weight(place.blocks) + (place.hasAsked ? asked : 0);
      if (weight > most) [found, most] = [place, weight];
    }
    if (!found) return false;
    this.#options.onFull?.();
    this.give(found);
    found.end();
    return true;
  }
}

/**
 * Tells this profile from a copy of it (specification §4.15): each connection brings a fresh mark, which is on disk
 * before it is told, and the marks before it.
 */

import type { Bytes } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { SealedStore } from "../storage/sealed_store.ts";
import { FencedError } from "../storage/storage.ts";

/** In the store "account". */
const key = "sync/marks";

/** How many marks without an answer are kept: with the confirmed one, as many as a server takes. */
const keptOffers = 15;

/** The stored record. */
interface StoredMarks {
  /** 16 bytes each: first the one that the server has confirmed, then those of which no answer came. */
  before: Bytes[];
}

/** What a connection says of this profile; 16 bytes each. */
export interface Opening {
  run: Bytes;
  mark: Bytes;
  before: Bytes[];
}

const fresh = () => crypto.getRandomValues(new Uint8Array(16));

/** The marks of a profile that an engine has opened. */
export class ProfileMarks {
  readonly #store: SealedStore;
  readonly #run = fresh();
  #before: Bytes[] | undefined;

  constructor(store: SealedStore) {
    this.#store = store;
  }

  /** 16 bytes: this engine, from its start to its end. */
  get run(): Bytes {
    return this.#run;
  }

  /**
   * Makes the mark of a connection, and stores it.
   *
   * @throws FencedError when another engine has this profile
   */
  async next(): Promise<Opening> {
    const before = this.#before ??= (await this.#store.get<StoredMarks>("account", key))?.before ?? [];
    // The server may know any of them as the newest. If one were forgotten, it would take this profile for a copy, and
    // the device would lose its place in every group, only because it was without an answer for some seconds.
    if (before.length > keptOffers) {
      await this.#store.requireFence();
      return { run: this.#run, mark: before[1], before };
    }
    const mark = fresh();
    try {
      await this.#keep([...before.slice(0, 1), mark, ...before.slice(1)]);
    } catch (error) {
      // Without room there is no new mark: the last one is told again.
      if (error instanceof FencedError || before.length === 0) throw error;
      await this.#store.requireFence();
      return { run: this.#run, mark: before[0], before };
    }
    return { run: this.#run, mark, before };
  }

  /**
   * The server has answered on the connection of this mark. Without room the marks stay as they are, and the connection
   * goes on.
   *
   * @throws FencedError
   */
  async confirm({ mark }: Opening): Promise<void> {
    try {
      await this.#keep([mark]);
    } catch (error) {
      if (error instanceof FencedError) throw error;
    }
  }

  /**
   * Tells the server that this engine, which a newer connection has displaced, still has its profile: the newer one is
   * a copy's.
   *
   * @throws WireError, TransportError
   */
  async contest(rpc: RpcClient, recipientKey: Bytes): Promise<void> {
    const own = { recipientKey, run: this.#run, mark: new Uint8Array(), before: [], after: 0 };
    for await (const _ of rpc.stream(delivery.subscribeAs, { ...own, displaced: true }));
  }

  async #keep(before: Bytes[]): Promise<void> {
    const value: StoredMarks = { before };
    await this.#store.write({ puts: [{ store: "account", key, value }] });
    this.#before = before;
  }
}

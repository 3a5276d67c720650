/** Bounds the memory of bodies that are received whole before they are stored (docs/decisions/045). */

import { addressBlocks } from "../../server-common/address_block.ts";
import { Usage } from "../../server-common/usage.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";

/** Advice to a refused caller, ms. */
const retryAfterMs = 1000;

/** How many bodies one account may have in flight. The rest is for others. */
export const bodiesPerOwner = 2;

/** A body of at most so many bytes is small: such bodies have memory of their own, which large ones can not fill. */
export const smallBodyBytes = 256 * 1024;

/** Whose body it is. */
export interface BodyOwner {
  /** Names the account. */
  account: string;
  /** An IP literal; behind a gateway the browser's. */
  remoteAddress: string;
}

/** A body that is being received. */
export interface Body {
  /**
   * To be called before memory is taken for bytes of it that have come.
   *
   * @throws WireError E005 when the memory is used up and nobody has more of it
   */
  charge(bytes: number): void;
  /** Waits for `work`, which receives the body. @throws WireError E005 when it has to make room; what `work` throws */
  receive<T>(work: Promise<T>): Promise<T>;
}

export interface BodyBudgetOptions {
  /** Bytes of all bodies of more than {@link smallBodyBytes} together. */
  largeBytes: number;
  /** Bytes of all others together. */
  smallBytes: number;
}

interface Held {
  /** Address blocks of its owner. */
  blocks: { block: string; share: number }[];
  bytes: number;
  /** Its memory was given back: nothing more is taken for it. */
  isOver: boolean;
  /** Ends it; undefined once it is whole. */
  cutOff?: (error: WireError) => void;
}

/** Two budgets of bytes, for large and for small bodies. Each is shared by all calls in flight. */
export class BodyBudget {
  readonly #owners = new Usage(bodiesPerOwner);
  readonly #large: Pool;
  readonly #small: Pool;

  constructor({ largeBytes, smallBytes }: BodyBudgetOptions) {
    this.#large = new Pool(largeBytes);
    this.#small = new Pool(smallBytes);
  }

  /**
   * Runs `work` with a body, whose memory is free again when it ends.
   *
   * @param length bytes that the body is said to have. Nothing is charged for them yet
   * @throws WireError E005 when this account has too many in flight, and what `work` throws
   */
  async with<T>(length: number, owner: BodyOwner, work: (body: Body) => Promise<T>): Promise<T> {
    if (!this.#owners.take(owner.account)) throw full();
    const pool = length > smallBodyBytes ? this.#large : this.#small;
    const held: Held = { blocks: addressBlocks(owner.remoteAddress), bytes: 0, isOver: false };
    try {
      return await work({
        charge: (bytes) => pool.charge(held, bytes),
        receive: (received) => receive(held, received),
      });
    } finally {
      pool.free(held);
      this.#owners.give(owner.account);
    }
  }
}

/**
 * When it is full, the address that has most of it makes room, and of this address the largest body. So who has less
 * than an equal share is never refused, however many bodies the others have.
 */
class Pool {
  readonly #bytes: number;
  readonly #all = new Set<Held>();
  #used = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  charge(held: Held, bytes: number): void {
    if (held.isOver) throw full();
    this.#all.add(held);
    this.#add(held, bytes);
    while (this.#used > this.#bytes) {
      const greediest = this.#greediest();
      if (!greediest || greediest === held) {
        this.#add(held, -bytes);
        throw full();
      }
      greediest.cutOff?.(full());
      this.free(greediest);
    }
  }

  free(held: Held): void {
    held.isOver = true;
    if (!this.#all.delete(held)) return;
    this.#used -= held.bytes;
  }

  #add(held: Held, bytes: number): void {
    held.bytes += bytes;
    this.#used += bytes;
  }

  /** A body that is whole is being stored and can not make room, but it counts. */
  #greediest(): Held | undefined {
    const byBlock = new Map<string, number>();
    for (const { blocks, bytes } of this.#all) {
      for (const { block, share } of blocks) byBlock.set(block, (byBlock.get(block) ?? 0) + bytes / share);
    }
    const most = ({ blocks }: Held) => Math.max(...blocks.map(({ block }) => byBlock.get(block)!));
    return [...this.#all].filter(({ cutOff }) => cutOff).sort((a, b) => most(b) - most(a) || b.bytes - a.bytes)[0];
  }
}

async function receive<T>(held: Held, received: Promise<T>): Promise<T> {
  const cut = Promise.withResolvers<never>();
  held.cutOff = cut.reject;
  try {
    return await Promise.race([received, cut.promise]);
  } finally {
    held.cutOff = undefined;
  }
}

function full(): WireError {
  return new WireError(ErrorCode.rateLimited, "too many large bodies at once", retryAfterMs);
}

/** The connections of all addresses: whose leaves when another one comes and there is no place left. */
import { type AddressBlock, addressBlocks } from "../../server-common/address_block.ts";

interface Member {
  /** an IP literal */
  readonly address: string;
  /** streams of the peer that are not over yet */
  readonly openStreams: number;
}

interface Block {
  share: number;
  members: Set<Member>;
}

/** Open connections, by the blocks of their addresses. */
export class Crowd<Connection extends Member> {
  readonly #blocks = new Map<string, Block>();

  add(connection: Connection): void {
    for (const { block, share } of addressBlocks(connection.address)) {
      const here = this.#blocks.get(block) ?? { share, members: new Set() };
      this.#blocks.set(block, here);
      here.members.add(connection);
    }
  }

  delete(connection: Connection): void {
    for (const { block } of addressBlocks(connection.address)) {
      const members = this.#blocks.get(block)?.members;
      members?.delete(connection);
      if (members?.size === 0) this.#blocks.delete(block);
    }
  }

  /**
   * Of the block that has most the connection with the fewest streams: an idle one, if there is one.
   *
   * @param address of a newcomer, an IP literal
   * @returns undefined when no block has more than the newcomer's would
   */
  whoMakesRoom(address: string): Connection | undefined {
    let found: Block | undefined;
    let most = Math.max(...addressBlocks(address).map((block) => this.#weightWithOneMore(block)));
    for (const block of this.#blocks.values()) {
      const weight = block.members.size / block.share;
      if (weight > most) [found, most] = [block, weight];
    }
    return found && by(found.members, (a, b) => a.openStreams < b.openStreams) as Connection;
  }

  /**
   * Of a block, the connection with the most streams.
   *
   * @param block as {@link addressBlocks} names it
   */
  busiestOf(block: string): Connection | undefined {
    const members = this.#blocks.get(block)?.members;
    return members && by(members, (a, b) => a.openStreams > b.openStreams) as Connection;
  }

  #weightWithOneMore({ block, share }: AddressBlock): number {
    return ((this.#blocks.get(block)?.members.size ?? 0) + 1) / share;
  }
}

function by(members: Iterable<Member>, isBefore: (a: Member, b: Member) => boolean): Member {
  return [...members].reduce((found, member) => isBefore(member, found) ? member : found);
}

/**
 * Asks about a connection before anything is made for it. A socket of Node has streams and a parser, all of which
 * would be thrown away, and who is refused comes again at once.
 */

import { BlockList, type Server, type SocketAddress } from "node:net";

/** Node asks a server's block list about the address of each new connection, and closes it on `true`. */
class Gate extends BlockList {
  readonly #admit: (address: string) => boolean;
  #isAdmitted = false;

  constructor(admit: (address: string) => boolean) {
    super();
    this.#admit = admit;
  }

  override check(address: string | SocketAddress): boolean {
    this.#isAdmitted = this.#admit(typeof address === "string" ? address : address.address);
    return !this.#isAdmitted;
  }

  /** @returns whether it was asked about the connection that comes now, and let it in */
  takeAnswer(): boolean {
    const isAdmitted = this.#isAdmitted;
    this.#isAdmitted = false;
    return isAdmitted;
  }
}

/**
 * @param admit asked once about each connection; false ends it
 * @returns for the server's "connection" event: whether that connection, of this address, may stay
 */
export function guard(server: Server, admit: (address: string) => boolean): (address: string) => boolean {
  const gate = new Gate(admit);
  Object.assign(server, { blockList: gate });
  // A runtime that does not ask the list has the connection asked about here.
  return (address) => gate.takeAnswer() || admit(address);
}

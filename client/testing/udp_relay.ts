/**
 * A network between clients and a server's UDP port on this machine. It can drop and reorder packets, swallow
 * everything, and give a client another source port, as a NAT does that forgot it (RFC 9000 §9.3.1).
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const host = "127.0.0.1";

export class UdpRelay {
  /** The share of packets that are lost, from 0 to 1, in both directions. */
  dropShare = 0;
  /** The share of packets that are overtaken by later ones, from 0 to 1, in both directions. */
  reorderShare = 0;
  /** How long a packet is held back that is to be overtaken, in ms. */
  holdMs = 30;
  /** Nothing passes, in both directions. */
  isDark = false;
  readonly #serverPort: number;
  readonly #random: () => number;
  readonly #outside: Socket;
  /** A socket towards the server for each client, by the client's port. */
  readonly #inside = new Map<number, Socket>();
  readonly #held = new Set<ReturnType<typeof setTimeout>>();

  private constructor(serverPort: number, random: () => number, outside: Socket) {
    this.#serverPort = serverPort;
    this.#random = random;
    this.#outside = outside;
    outside.on("message", (packet, { port }) => this.#pass(() => this.#towards(port).send(packet, serverPort, host)));
  }

  /**
   * @param serverPort the UDP port of the server; it may start later, and again
   * @param random draws in [0, 1), which decide on packets
   * @param port where clients find the relay; 0 for a free one
   */
  static async open(serverPort: number, random: () => number = Math.random, port = 0): Promise<UdpRelay> {
    const outside = createSocket("udp4");
    outside.bind(port, host);
    await once(outside, "listening");
    return new UdpRelay(serverPort, random, outside);
  }

  /** Where clients send their packets. */
  get port(): number {
    return this.#outside.address().port;
  }

  /** The server sees every client at another port from now on. What it sends to the old ports is lost. */
  rebind(): void {
    for (const socket of this.#inside.values()) socket.close();
    this.#inside.clear();
  }

  close(): void {
    for (const timer of this.#held) clearTimeout(timer);
    this.rebind();
    this.#outside.close();
  }

  #towards(clientPort: number): Socket {
    const known = this.#inside.get(clientPort);
    if (known) return known;
    const socket = createSocket("udp4").on("message", (packet, { port }) => {
      if (port === this.#serverPort) this.#pass(() => this.#outside.send(packet, clientPort, host));
    });
    // A server that is not there answers with ICMP; for a network that is no fault.
    socket.on("error", () => {});
    this.#inside.set(clientPort, socket);
    return socket;
  }

  #pass(send: () => void): void {
    if (this.isDark || this.#random() < this.dropShare) return;
    if (this.#random() >= this.reorderShare) return send();
    const timer = setTimeout(() => {
      this.#held.delete(timer);
      send();
    }, this.holdMs);
    this.#held.add(timer);
  }
}

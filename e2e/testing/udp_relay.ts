/**
 * A network between clients and one UDP port, for tests under Node and Deno: it drops, delays and reorders packets,
 * swallows all of them for a while, and gives clients another address, as a router does that forgets a mapping (NAT
 * rebinding, RFC 9000 §9.3).
 */

import { createSocket, type Socket } from "node:dgram";

/** What the network does to each packet, in both directions. */
export interface Weather {
  /** Share of packets that are lost, 0 to 1. */
  drop: number;
  /** Share of packets that come later than those behind them, 0 to 1. */
  reorder: number;
  /** ms that every packet takes */
  delayMs: number;
  /** ms by which a reordered packet is late */
  lateMs: number;
}

const fairWeather: Weather = { drop: 0, reorder: 0, delayMs: 0, lateMs: 20 };

/** Stands between the clients on 127.0.0.1 and a UDP port of 127.0.0.1. */
export class UdpRelay {
  /** A blackout: every packet is swallowed. */
  isBlocked = false;
  weather: Weather = { ...fairWeather };
  /** Packets that went through, and those that did not. */
  readonly counts = { toServer: 0, toClient: 0, lost: 0 };
  readonly #random: () => number;
  readonly #serverPort: number;
  readonly #outside: Socket;
  /** One socket towards the server for each client, by the client's port. */
  readonly #mappings = new Map<number, Socket>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isClosed = false;

  private constructor(outside: Socket, serverPort: number, random: () => number) {
    this.#outside = outside;
    this.#serverPort = serverPort;
    this.#random = random;
    outside.on("message", (packet, { port }) => {
      this.#carry(() => {
        this.counts.toServer++;
        this.#mapping(port).send(packet, serverPort, "127.0.0.1");
      });
    });
  }

  /**
   * @param serverPort where packets of clients go
   * @param random in [0, 1); decides what becomes of a packet
   */
  static async open(serverPort: number, random: () => number = Math.random): Promise<UdpRelay> {
    const outside = createSocket("udp4");
    await new Promise<void>((resolve) => outside.bind(0, "127.0.0.1", resolve));
    return new UdpRelay(outside, serverPort, random);
  }

  /** Where clients send. */
  get port(): number {
    return this.#outside.address().port;
  }

  /**
   * Every client has another address from its next packet on. What the server sends to the old one is lost; until
   * the client sends, the server can not reach it.
   */
  rebind(): void {
    for (const socket of this.#mappings.values()) socket.close();
    this.#mappings.clear();
  }

  /** As {@link rebind}, while nothing is under way: no late acknowledgement of the client's tells the new address. */
  async rebindInSilence(): Promise<void> {
    await this.blackout(500);
    this.rebind();
  }

  /** Swallows everything for `forMs`. */
  async blackout(forMs: number): Promise<void> {
    this.isBlocked = true;
    await new Promise<void>((resolve) => this.#after(forMs, resolve));
    this.isBlocked = false;
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.rebind();
    this.#outside.close();
  }

  #mapping(clientPort: number): Socket {
    const known = this.#mappings.get(clientPort);
    if (known) return known;
    const socket = createSocket("udp4").on("message", (packet, { port }) => {
      if (port !== this.#serverPort) return;
      this.#carry(() => {
        this.counts.toClient++;
        this.#outside.send(packet, clientPort, "127.0.0.1");
      });
    });
    // A server that is gone answers by ICMP. To the client that is silence.
    socket.on("error", () => {});
    this.#mappings.set(clientPort, socket);
    return socket;
  }

  #carry(send: () => void): void {
    const { drop, reorder, delayMs, lateMs } = this.weather;
    if (this.isBlocked || this.#random() < drop) {
      this.counts.lost++;
      return;
    }
    const takesMs = delayMs + (this.#random() < reorder ? lateMs : 0);
    if (takesMs > 0) this.#after(takesMs, () => this.#isClosed || send());
    else send();
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/**
 * The core's QUIC side: accepts connections and hands each stream to `serve`. No peer can end the process
 * (architecture §5), and no address can keep the others out (docs/decisions/045).
 */

import { addressBlock } from "../server-common/address_block.ts";
import { AddressRates } from "../server-common/address_rates.ts";
import { AddressUsage } from "../server-common/address_usage.ts";
import { echoDatagrams } from "../server-common/echo_datagrams.ts";
import { GarbageCount } from "../server-common/garbage.ts";
import { errorFields } from "../server-common/log.ts";
import { LoopTurns } from "../server-common/loop_turns.ts";
import { AddressPlaces } from "../server-common/address_places.ts";
import type { CoreCertificate } from "./certificate.ts";
import { beginCounts, type ConnectionOptions, CoreConnection } from "./connection.ts";
import { watchMemory } from "./memory_watch.ts";

/** Handshakes that may be in progress. quinn ends one only by its idle timeout; a new one ends the oldest. */
export const maxPendingHandshakes = 512;
/** … of one address. Addresses of handshakes can be forged, so these are replaced as well, and never refused. */
const maxPendingPerAddress = 64;
/**
 * Connections beyond the limits for clients that may show that they are a gateway's. A gateway does so within
 * milliseconds; who is silent makes room for the next one.
 */
const maxUnprovenGateways = 64;
/** … of one address. */
const maxUnprovenPerAddress = 8;
/** Calls of one address, behind a gateway of one browser's, that are being read. */
const maxHalfSentPerAddress = 256;
/** … of all. Each may hold a message of 256 KiB. */
const maxHalfSent = 2_048;
/** Streams of a client's address that wait for their turn; their bytes wait in QUIC. */
const maxWaitingPerAddress = 128;
/**
 * How long the address of a connection that was closed for its half-sent calls gets no new one, ms. Else it makes the
 * next at once, and a connection that fills its windows costs a second of the processor.
 */
const offenceMs = 10_000;
/**
 * Handshakes a second that an address may begin, after twice its connections at once. Well above what a client or a
 * gateway makes that looks for a core which does not answer.
 */
const handshakesPerSecond = 10;
/** After so many connections that have ended, their memory is freed, but no more often than this, ms. */
const endedConnections = 256;
const freeEveryMs = 500;
/** Addresses of gateways that are remembered; of more, the first is forgotten. */
const maxGatewayAddresses = 256;
/** Addresses that are kept for that time; of more, the first is forgiven. */
const maxOffenders = 10_000;
const keepAliveMs = 15_000;
const idleTimeoutMs = 30_000;
/**
 * Well above the number that clients use at once; a gateway spreads its calls over several connections. quinn
 * reserves memory for every stream that a peer may open: its tables for 4,096 are four times as large
 * (docs/benchmarks.md: idle connections, and "What was tried").
 */
export const maxStreamsPerConnection = 1792;

export interface ListenerOptions extends Omit<ConnectionOptions, "waiting" | "turns" | "halfSent" | "onOffence"> {
  hostname: string;
  /** 0: any free one. */
  port: number;
  certificate: CoreCertificate;
  /** Connections of clients at once. Gateways come in beyond it. */
  maxConnections: number;
  /** … of one address. */
  connectionsPerAddress: number;
  /** Bytes of memory of the process from which on the greediest connection is closed. */
  memoryBytes: number;
}

/**
 * The core's QUIC endpoint. It accepts connections, and has each stream of them served as a call.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #endpoint: Deno.QuicEndpoint;
  // Referenced for the life of the process: Deno disables the endpoint of a listener that is garbage
  // collected.
  readonly #listener: Deno.QuicListener;
  readonly #connections = new Set<CoreConnection>();
  readonly #calls = new Set<Promise<void>>();
  readonly #pending = new AddressPlaces({ total: maxPendingHandshakes, perAddress: maxPendingPerAddress });
  readonly #unproven = new AddressPlaces({ total: maxUnprovenGateways, perAddress: maxUnprovenPerAddress });
  readonly #halfSent = new AddressPlaces({ total: maxHalfSent, perAddress: maxHalfSentPerAddress });
  readonly #waiting = new AddressUsage(maxWaitingPerAddress);
  readonly #turns = { accepts: new LoopTurns(), clients: new LoopTurns(), gateways: new LoopTurns() };
  /** Until when an address gets no connection, ms on the clock of `performance`. */
  readonly #offenders = new Map<string, number>();
  /**
   * Where gateways came from that were admitted. Their handshakes have no rate: addresses of handshakes can be forged,
   * and who used up a gateway's rate would keep it, and all browsers, away after a loss of its connections.
   */
  readonly #gateways = new Set<string>();
  readonly #clientsOf: AddressUsage;
  readonly #handshakes: AddressRates;
  readonly #ended = new GarbageCount(endedConnections, freeEveryMs);
  readonly #stopWatching: () => void;
  #clients = 0;
  #stopped = false;

  /** Binds the port and starts to accept. */
  constructor(options: ListenerOptions) {
    const { hostname, port, certificate, metrics, log } = options;
    this.#options = options;
    this.#clientsOf = new AddressUsage(options.connectionsPerAddress);
    this.#handshakes = new AddressRates({
      perMinute: 60 * handshakesPerSecond,
      burst: 2 * options.connectionsPerAddress,
      clock: () => performance.now(),
    });
    this.#endpoint = new Deno.QuicEndpoint({ hostname, port });
    this.#listener = this.#endpoint.listen({
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      alpnProtocols: ["capnp"],
      maxConcurrentBidirectionalStreams: maxStreamsPerConnection,
      maxConcurrentUnidirectionalStreams: 0,
      keepAliveInterval: keepAliveMs,
      maxIdleTimeout: idleTimeoutMs,
    });
    beginCounts(metrics);
    metrics.gauge("qpq_connections", "open QUIC connections", () => this.#connections.size);
    metrics.gauge("qpq_calls_in_flight", "calls being served", () => this.#calls.size);
    metrics.gauge("qpq_calls_half_sent", "calls being read", () => this.#halfSent.size);
    this.#stopWatching = watchMemory({
      limitBytes: options.memoryBytes,
      connections: this.#connections,
      halfSent: this.#halfSent,
      ended: this.#ended,
      log,
    });
    void this.#acceptConnections();
  }

  /** The address on which the core listens. */
  get address(): { hostname: string; port: number } {
    const { hostname, port } = this.#endpoint.addr;
    return { hostname, port };
  }

  /** Refuses new connections from now on. Open connections stay. */
  stopAccepting(): void {
    this.#stopped = true;
  }

  /** @returns true when no call is in flight any more, false if there still is one after `timeoutMs` */
  async idle(timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.#calls.size > 0 && performance.now() < deadlineMs) await pause(10);
    return this.#calls.size === 0;
  }

  /** Closes all connections with this reason, and the port. */
  close(info: Deno.QuicCloseInfo): void {
    this.#stopped = true;
    this.#stopWatching();
    this.#endpoint.close(info);
  }

  async #acceptConnections(): Promise<void> {
    while (true) {
      let incoming: Deno.QuicIncoming;
      try {
        incoming = await this.#listener.incoming();
      } catch (error) {
        if (!this.#stopped) this.#options.log.error("listener ended", errorFields(error));
        return;
      }
      if (this.#stopped) {
        this.#countRefused();
        incoming.refuse();
      } else {
        void this.#acceptOne(incoming);
      }
    }
  }

  async #acceptOne(incoming: Deno.QuicIncoming): Promise<void> {
    const { metrics, log } = this.#options;
    let conn: Deno.QuicConn;
    try {
      conn = await this.#handshake(incoming);
    } catch (error) {
      metrics.count("qpq_handshakes_failed_total", "connections that failed in their handshake");
      log.debug("handshake failed", { error: (error as Error).message });
      return;
    }
    // Gateways and `qpq` ask so whether the core is alive (specification §4.14).
    echoDatagrams(conn).catch(() => {});
    await this.#serve(conn);
  }

  /**
   * Deno tells the peer's address only when a connection is made of the packet, and with "zeroRtt" it is made at once.
   * Nothing is sent or read before the handshake is done.
   */
  async #handshake(incoming: Deno.QuicIncoming): Promise<Deno.QuicConn> {
    const conn = incoming.accept({ zeroRtt: true }) as Deno.QuicConn;
    conn.closed.catch(() => {}).finally(() => this.#ended.add());
    let end: string | undefined;
    conn.closed.then(({ reason }) => end ??= reason || "closed", (error) => end ??= (error as Error).message);
    const address = conn.remoteAddr.hostname;
    if (!this.#gateways.has(address) && this.#handshakes.take(address) > 0) {
      this.#countRefused();
      conn.close({ closeCode: 1, reason: "too many connections" });
      throw new Error("too many handshakes of an address");
    }
    const give = this.#pending.take(address, () => {
      this.#countRefused();
      end = "others need the place of the handshake";
      conn.close({ closeCode: 1, reason: "try again" });
    });
    try {
      await conn.handshake;
      // A connection that is lost ends the wait before it says why.
      await pause(0);
      if (end !== undefined) throw new Error(end);
      return conn;
    } finally {
      give();
    }
  }

  async #serve(conn: Deno.QuicConn): Promise<void> {
    const address = conn.remoteAddr.hostname;
    const isWelcome = !this.#isOffender(address) && this.#clients < this.#options.maxConnections &&
      this.#clientsOf.take(address);
    if (isWelcome) this.#clients++;
    let isCounted = isWelcome;
    const give = isWelcome ? () => {} : this.#unproven.take(address, () => {
      this.#countRefused();
      connection.close("too many connections", "connections");
    });
    const uncount = () => {
      give();
      if (!isCounted) return;
      isCounted = false;
      this.#clients--;
      this.#clientsOf.give(address);
    };
    const onGateway = () => {
      uncount();
      this.#gateways.delete(address);
      this.#gateways.add(address);
      if (this.#gateways.size > maxGatewayAddresses) this.#gateways.delete(this.#gateways.values().next().value!);
    };
    const connection = new CoreConnection(conn, {
      ...this.#options,
      waiting: this.#waiting,
      turns: this.#turns,
      halfSent: this.#halfSent,
      onOffence: (from) => this.#remember(from),
    }, { isClientWelcome: isWelcome, onGateway, onCall: (call) => this.#track(call) });
    this.#connections.add(connection);
    const late = isWelcome ? undefined : setTimeout(() => {
      if (!connection.isGateway) connection.close("too many connections", "connections");
    }, this.#options.admission.timeoutMs);
    await connection.run();
    clearTimeout(late);
    this.#connections.delete(connection);
    uncount();
  }

  #remember(address: string): void {
    this.#offenders.set(addressBlock(address), performance.now() + offenceMs);
    if (this.#offenders.size > maxOffenders) this.#offenders.delete(this.#offenders.keys().next().value!);
  }

  #isOffender(address: string): boolean {
    const block = addressBlock(address);
    const untilMs = this.#offenders.get(block) ?? 0;
    if (performance.now() < untilMs) return true;
    this.#offenders.delete(block);
    return false;
  }

  #countRefused(): void {
    this.#options.metrics.count(
      "qpq_connections_refused_total",
      "connections refused because of a cap or draining",
    );
  }

  #track(call: Promise<void>): void {
    this.#calls.add(call);
    void call.finally(() => this.#calls.delete(call));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

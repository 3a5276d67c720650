/** A WebTransport server on Deno's QUIC. The rest of the gateway uses HTTP/3 through this file only. */
import { addressBlock } from "../../server-common/address_block.ts";
import { AddressUsage } from "../../server-common/address_usage.ts";
import { LoopTurns } from "../../server-common/loop_turns.ts";
import { Crowd } from "./crowd.ts";
import { type ConnectionPolicy, Http3Connection } from "./connection.ts";
import { h3Code } from "./error_codes.ts";
import { HeldStreamPlaces } from "./held_stream.ts";

export type { SessionDecision, WebTransportRequest } from "./connection.ts";
export type { SessionCloseInfo } from "./capsule.ts";
export type { StreamHandler, WebTransportSession, WebTransportStream } from "./session.ts";

export interface WebTransportServerOptions
  extends Omit<ConnectionPolicy, "connectTimeoutMs" | "loopTurns" | "heldPlaces" | "waiting" | "crowded"> {
  /** IP literal to bind */
  hostname: string;
  /** UDP port; 0 picks one */
  port: number;
  /** PEM */
  certificate: string;
  /** PEM */
  privateKey: string;
  /** ms for which a handshake may take, and then a connection stay without a session; default 5,000 */
  connectTimeoutMs?: number;
  /** handshakes that may be in progress; more are refused; default 1,024 */
  maxPendingHandshakes?: number;
  /** … of one address, which nobody has proved yet to be the sender's; default 48 */
  maxPendingHandshakesPerAddress?: number;
  /**
   * connections that may be open at once, handshakes included; beyond, one of the address with most makes room for one
   * of an address with fewer, and others are refused; default 4,096
   */
  maxConnections?: number;
  /** connections of one address that may be open at once; default 64 */
  maxConnectionsPerAddress?: number;
  /** bidirectional streams that a connection may have open at once, its CONNECT stream included; default 144 */
  maxStreams?: number;
  /** Called for events of connections, for counters. @param openStreams when it ended */
  onEvent?: (event: ConnectionEvent, openStreams?: number) => void;
}

/**
 * "ended": a connection is over, also one that was refused; "refused": above `maxPendingHandshakes`; "full": above
 * `maxConnections`, or one made room; "addressHandshakes" and "addressFull": above the limits of one address;
 * "crowded": so many streams of one address wait that a connection is closed.
 */
export type ConnectionEvent =
  | "accepted"
  | "ended"
  | "closed"
  | "refused"
  | "full"
  | "addressHandshakes"
  | "addressFull"
  | "handshakeFailed"
  | "crowded";

export interface WebTransportServer {
  readonly port: number;
  readonly connections: number;
  readonly pendingHandshakes: number;
  /**
   * New connections get this certificate; open ones stay as they are.
   *
   * @throws when the two PEMs are no pair; then the old ones stay in use
   */
  replaceCertificate(certificate: string, privateKey: string): void;
  /**
   * Closes the connection with the most streams, of the address that has the most.
   *
   * @returns its number of streams; 0 when no address has so many that it could be meant
   */
  shedGreediest(): number;
  /** Ends every session with code and reason, waits some 300 ms for their delivery, and closes. */
  close(code?: number, reason?: string): Promise<void>;
}

const farewellMs = 300;
const transport: Deno.QuicServerTransportOptions = {
  keepAliveInterval: 15_000,
  maxIdleTimeout: 30_000,
  // Control, QPACK encoder and decoder, and some GREASE.
  maxConcurrentUnidirectionalStreams: 16,
};
/**
 * Pages have up to 100 calls under way (client/connection/stream_limit.ts). Chromium rejects the stream over the limit,
 * and credit is returned in batches of an eighth. So the limit is a little above.
 */
export const defaultMaxStreams = 144;
/**
 * Waiting streams of an address that are read meanwhile, at some 25 KB each: more than a page begins. What comes beyond
 * is told to stop at once, which costs a third, and answered at its turn.
 */
const maxHeldStreamsPerAddress = 128;
/**
 * … and so many more of all addresses, of which one never has more than are left: half of them, if it is alone. With
 * its own these are 64 pages that begin eight calls each.
 */
const maxSharedHeldStreams = 768;
/** Pieces of 2 KiB that all waiting streams of an address hold: 4 MiB. */
const maxHeldPiecesPerAddress = 2_048;
/** Waiting streams of an address that sent more than is held: a QUIC window of 1.25 MB each, 20 MB. */
const maxBackedUpPerAddress = 16;
/** Streams of an address that are not a call yet. Each costs some 40 KB; more would be 9,216 of 64 connections. */
const maxWaitingPerAddress = 1_024;
/**
 * Pieces of work that streams ask for and that are begun in a turn of the event loop, and streams that are accepted in
 * it: of so many addresses, if they wait.
 * A turn in which hundreds of streams end takes some 30 ms: with one piece in each, eight such addresses would make
 * everybody wait for eight of them.
 */
const begunInATurn = 8;
/** An address with fewer streams is never the one that takes the memory. */
const fewStreams = 32;

/**
 * Starts to listen.
 *
 * @throws when the address can not be bound or the certificate and key are no pair
 */
export function serveWebTransport(options: WebTransportServerOptions): WebTransportServer {
  const {
    connectTimeoutMs = 5_000,
    maxPendingHandshakes = 1_024,
    maxConnections = 4_096,
    maxPendingHandshakesPerAddress = 48,
    maxConnectionsPerAddress = 64,
    maxStreams = defaultMaxStreams,
    onEvent = () => {},
  } = options;
  const waiting = new AddressUsage(maxWaitingPerAddress);
  const policy: ConnectionPolicy = {
    authorize: options.authorize.bind(options),
    turn: options.turn?.bind(options),
    onSession: options.onSession.bind(options),
    connectTimeoutMs,
    loopTurns: { accepts: new LoopTurns(begunInATurn), pieces: new LoopTurns(begunInATurn) },
    heldPlaces: {
      streams: new HeldStreamPlaces(new AddressUsage(maxHeldStreamsPerAddress), maxSharedHeldStreams),
      pieces: new AddressUsage(maxHeldPiecesPerAddress),
      backedUp: new AddressUsage(maxBackedUpPerAddress),
    },
    waiting,
    crowded: (address) => {
      onEvent("crowded");
      crowd.busiestOf(waiting.fullBlock(address) ?? addressBlock(address))?.shed();
    },
  };
  const endpoint = new Deno.QuicEndpoint({ hostname: options.hostname, port: options.port });
  const listen = (cert: string, key: string) =>
    endpoint.listen({
      ...transport,
      maxConcurrentBidirectionalStreams: maxStreams,
      cert,
      key,
      alpnProtocols: ["h3"],
    });
  // Every listener stays referenced: Deno disables the whole endpoint when a listener is garbage collected.
  const listeners = [listen(options.certificate, options.privateKey)];
  const connections = new Set<Http3Connection>();
  const crowd = new Crowd<Http3Connection>();
  const perAddress = new AddressUsage(maxConnectionsPerAddress);
  const pendingPerAddress = new AddressUsage(maxPendingHandshakesPerAddress);
  let pendingHandshakes = 0;
  let isClosed = false;

  async function serve(incoming: Deno.QuicIncoming): Promise<void> {
    if (isClosed || pendingHandshakes >= maxPendingHandshakes) {
      onEvent("refused");
      incoming.refuse();
      return;
    }
    const isFull = () => connections.size + pendingHandshakes >= maxConnections;
    // The connection is there before its handshake, and with it the address: `incoming.remoteAddr` uses `incoming` up
    // (Deno 2.9). Nothing is sent or read on it before the handshake is done.
    const conn = incoming.accept({ zeroRtt: true });
    // Its streams: they end a little later than it.
    let openStreams = () => 0;
    conn.closed.catch(() => {}).finally(() => onEvent("ended", openStreams()));
    const { hostname } = conn.remoteAddr;
    if (perAddress.isFull(hostname)) return refuse(conn, "addressFull");
    if (isFull() && !crowd.whoMakesRoom(hostname)) return refuse(conn, "full");
    if (!pendingPerAddress.take(hostname)) return refuse(conn, "addressHandshakes");
    pendingHandshakes++;
    const isDone = await shakeHands(conn, connectTimeoutMs);
    pendingHandshakes--;
    pendingPerAddress.give(hostname);
    if (!isDone) return onEvent("handshakeFailed");
    if (perAddress.isFull(hostname)) return refuse(conn, "addressFull");
    // Only now is the address proved.
    if (isFull() && !makeRoom(hostname)) return refuse(conn, "full");
    perAddress.take(hostname);
    const connection = new Http3Connection(conn, policy);
    openStreams = () => connection.openStreams;
    connections.add(connection);
    crowd.add(connection);
    onEvent("accepted");
    await connection.run();
    remove(connection);
    onEvent("closed");
  }

  /** @returns whether a connection of an address that has more ended */
  function makeRoom(address: string): boolean {
    const connection = crowd.whoMakesRoom(address);
    if (!connection) return false;
    onEvent("full");
    remove(connection);
    connection.shed();
    return true;
  }

  function remove(connection: Http3Connection): void {
    if (!connections.delete(connection)) return;
    crowd.delete(connection);
    perAddress.give(connection.address);
  }

  function refuse(conn: Deno.QuicConn, event: ConnectionEvent): void {
    onEvent(event);
    conn.close({ closeCode: h3Code.excessiveLoad, reason: "too many connections" });
  }

  async function accept(listener: Deno.QuicListener): Promise<void> {
    while (!isClosed) serve(await listener.incoming()).catch(() => {});
  }
  accept(listeners[0]).catch(() => {});

  return {
    port: endpoint.addr.port,
    get connections() {
      return connections.size;
    },
    get pendingHandshakes() {
      return pendingHandshakes;
    },
    replaceCertificate(certificate, privateKey) {
      listeners.push(listen(certificate, privateKey));
    },
    shedGreediest: () => shedGreediest(connections),
    async close(code = 0, reason = "server shutdown") {
      if (isClosed) return;
      isClosed = true;
      const hasSessions = connections.size > 0;
      await Promise.all([...connections].map((connection) => connection.close(code, reason)));
      if (hasSessions) await new Promise((resolve) => setTimeout(resolve, farewellMs));
      endpoint.close({ closeCode: 0x100, reason });
    },
  };
}

/** @returns whether the handshake succeeded within `mostMs`; else the connection is closed */
async function shakeHands(conn: Deno.QuicConn & { handshake?: Promise<unknown> }, mostMs: number): Promise<boolean> {
  const timer = setTimeout(() => conn.close({ closeCode: h3Code.noError, reason: "too slow" }), mostMs);
  const lost = conn.closed.then(() => false, () => false);
  try {
    if (!await Promise.race([Promise.resolve(conn.handshake).then(() => true), lost])) return false;
    // Both settle together when the handshake fails.
    return await Promise.race([lost, new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 0))]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function shedGreediest(connections: Set<Http3Connection>): number {
  const streams = new Map<string, number>();
  for (const { address, openStreams } of connections) {
    const block = addressBlock(address);
    streams.set(block, (streams.get(block) ?? 0) + openStreams);
  }
  const [greediest, most] = [...streams].reduce((a, b) => b[1] > a[1] ? b : a, ["", 0]);
  if (most < fewStreams) return 0;
  return shedMost([...connections].filter(({ address }) => addressBlock(address) === greediest));
}

/** Closes the connection with the most streams. @returns how many it had */
function shedMost(connections: Http3Connection[]): number {
  const [connection] = connections.sort((a, b) => b.openStreams - a.openStreams);
  const { openStreams } = connection;
  connection.shed();
  return openStreams;
}

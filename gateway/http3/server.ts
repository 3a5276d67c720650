/** A WebTransport server on Deno's QUIC. The rest of the gateway uses HTTP/3 through this file only. */
import { Usage } from "../../server-common/usage.ts";
import { type ConnectionPolicy, Http3Connection } from "./connection.ts";
import { h3Code } from "./error_codes.ts";

export type { WebTransportRequest } from "./connection.ts";
export type { SessionCloseInfo } from "./capsule.ts";
export type { StreamHandler, WebTransportSession, WebTransportStream } from "./session.ts";

export interface WebTransportServerOptions extends Omit<ConnectionPolicy, "connectTimeoutMs"> {
  /** IP literal to bind */
  hostname: string;
  /** UDP port; 0 picks one */
  port: number;
  /** PEM */
  certificate: string;
  /** PEM */
  privateKey: string;
  /** ms for which a connection may stay without a session; default 5,000 */
  connectTimeoutMs?: number;
  /**
   * handshakes that may be in progress; more are refused; default 1,024 (a half-open one is abandoned after
   * 30 s)
   */
  maxPendingHandshakes?: number;
  /** connections that may be open at once; more are refused; default 4,096 */
  maxConnections?: number;
  /**
   * connections of one client that may be open at once; default 128. Deno gives the address only with the
   * accepted connection, so a connection above this limit is closed after its handshake.
   * `maxPendingHandshakes` bounds the cost of handshakes.
   */
  maxConnectionsPerClient?: number;
  /** @returns the key of one client, given its address; default: the address */
  clientOf?: (address: string) => string;
  /** Called for events of connections, for counters. */
  onEvent?: (event: ConnectionEvent) => void;
}

/**
 * "refused": above `maxPendingHandshakes`; "full": above `maxConnections`; "clientFull": above
 * `maxConnectionsPerClient`.
 */
export type ConnectionEvent = "accepted" | "closed" | "refused" | "full" | "clientFull" | "handshakeFailed";

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
  /** Ends every session with code and reason, waits some 300 ms for their delivery, and closes. */
  close(code?: number, reason?: string): Promise<void>;
}

const farewellMs = 300;
const transport: Deno.QuicServerTransportOptions = {
  keepAliveInterval: 15_000,
  maxIdleTimeout: 30_000,
  // Chromium rejects the stream over this limit, and credit is returned in batches of an eighth. So the limit
  // is far above the number that one client may use at once.
  maxConcurrentBidirectionalStreams: 1000,
  // Control, QPACK encoder and decoder, and some GREASE.
  maxConcurrentUnidirectionalStreams: 16,
};

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
    maxConnectionsPerClient = 128,
    clientOf = (address) => address,
    onEvent = () => {},
  } = options;
  const policy: ConnectionPolicy = {
    authorize: options.authorize.bind(options),
    turn: options.turn?.bind(options),
    onSession: options.onSession.bind(options),
    connectTimeoutMs,
  };
  const endpoint = new Deno.QuicEndpoint({ hostname: options.hostname, port: options.port });
  const listen = (cert: string, key: string) => endpoint.listen({ ...transport, cert, key, alpnProtocols: ["h3"] });
  // Every listener stays referenced: Deno disables the whole endpoint when a listener is garbage collected.
  const listeners = [listen(options.certificate, options.privateKey)];
  const connections = new Set<Http3Connection>();
  const perClient = new Usage(maxConnectionsPerClient);
  let pendingHandshakes = 0;
  let isClosed = false;

  async function serve(incoming: Deno.QuicIncoming): Promise<void> {
    if (isClosed || pendingHandshakes >= maxPendingHandshakes || connections.size >= maxConnections) {
      onEvent(connections.size >= maxConnections ? "full" : "refused");
      incoming.refuse();
      return;
    }
    let conn: Deno.QuicConn;
    pendingHandshakes++;
    try {
      conn = await incoming.accept();
    } catch {
      onEvent("handshakeFailed");
      return;
    } finally {
      pendingHandshakes--;
    }
    const client = clientOf(conn.remoteAddr.hostname);
    if (!perClient.take(client)) {
      onEvent("clientFull");
      conn.closed.catch(() => {});
      conn.close({ closeCode: h3Code.excessiveLoad, reason: "too many connections" });
      return;
    }
    const connection = new Http3Connection(conn, policy);
    connections.add(connection);
    onEvent("accepted");
    await connection.run();
    connections.delete(connection);
    perClient.give(client);
    onEvent("closed");
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

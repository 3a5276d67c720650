/** The transport of the CLI: QUIC with ALPN "capnp", directly to the core. */

import type { Bytes } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { StreamLimit } from "../../client/connection/stream_limit.ts";
import type { Connection, Transport } from "../../client/connection/transport.ts";

/** How the core is authenticated: by a CA, or by the certificate hash that it prints at its start. */
export type CoreTrust =
  | { /** PEM */ caCerts: string[] }
  | { /** 32 bytes: SHA-256 of the certificate (specification §5.1, QPQ_CORE_PIN) */ pin: Bytes };

export interface QuicTarget {
  hostname: string;
  port: number;
  /** The name in the certificate, where it differs from the host's. */
  serverName?: string;
  trust: CoreTrust;
}

/**
 * `serverCertificateHashes` is not in Deno's types, but its QUIC client takes it as its WebTransport client
 * does; a connection test asserts it.
 */
interface PinnedConnectOptions extends Deno.ConnectQuicOptions<false> {
  serverCertificateHashes?: { algorithm: "sha-256"; value: Bytes }[];
}

const connectTimeoutMs = 10_000;
/**
 * A core that gives no sign of life for this long is taken for dead, in ms (RFC 9000 §10.1). It answers a packet that
 * this client sends three times in that time. The gateway does the same. The packets also tell the core a new address
 * of a device that only listens (RFC 9000 §9.3).
 */
export const silenceMs = 3_000;
/** For commands that harden a password: until that is done, nothing is sent (architecture §5). */
export const busySilenceMs = 30_000;

/** How rustls, under Deno, begins the reason of a handshake that failed on the core's certificate. */
const badCertificate = /invalid peer certificate/;

/** {@link Transport} directly to the core, authenticated by a pin or a CA. */
export class QuicTransport implements Transport {
  readonly #target: QuicTarget;
  readonly #silenceMs: number;
  readonly #onUntrusted: () => void;
  #hasConnected = false;

  /**
   * @param options.patienceMs how long the core may be silent, in ms
   * @param options.onUntrusted called when something answers that is not this core, before there was a connection.
   *   Once there was one, somebody in the network may have answered in the core's place, and the core is tried again
   */
  constructor(target: QuicTarget, options: { patienceMs?: number; onUntrusted?: () => void } = {}) {
    this.#target = target;
    this.#silenceMs = options.patienceMs ?? silenceMs;
    this.#onUntrusted = options.onUntrusted ?? (() => {});
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const { hostname, port, serverName, trust } = this.#target;
    signal.throwIfAborted();
    const options: PinnedConnectOptions = {
      hostname,
      port,
      ...(serverName !== undefined && { serverName }),
      alpnProtocols: ["capnp"],
      keepAliveInterval: this.#silenceMs / 3,
      maxIdleTimeout: this.#silenceMs,
      ...("pin" in trust
        ? { serverCertificateHashes: [{ algorithm: "sha-256", value: trust.pin }] }
        : { caCerts: trust.caCerts }),
    };
    const connecting = Promise.resolve(Deno.connectQuic<false>(options));
    try {
      const conn = await within(connecting, AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]));
      this.#hasConnected = true;
      return new QuicConnection(conn);
    } catch (error) {
      if (!this.#hasConnected && badCertificate.test((error as Error)?.message)) this.#onUntrusted();
      // A handshake that completes after the abort must not leave an open connection.
      connecting.then((late) => late.close({ closeCode: 0, reason: "given up" }), () => {});
      throw new TransportError(`QUIC: ${(error as Error)?.message ?? error}`, { cause: error });
    }
  }
}

class QuicConnection implements Connection {
  readonly transport = "QUIC";
  readonly closed: Promise<{ reason: string }>;
  readonly #conn: Deno.QuicConn;
  readonly #limit = new StreamLimit();
  #over = false;

  constructor(conn: Deno.QuicConn) {
    this.#conn = conn;
    this.closed = conn.closed.then(
      ({ reason }) => ({ reason: reason || "closed" }),
      (error) => ({ reason: (error as Error)?.message || "connection lost" }),
    ).finally(() => this.#over = true);
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    if (this.#over) throw new TransportError("the connection is over");
    return await this.#limit.open(signal, () => this.#conn.createBidirectionalStream({ waitUntilAvailable: true }));
  }

  close(): void {
    this.#over = true;
    this.#conn.close({ closeCode: 0, reason: "closed" });
  }
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

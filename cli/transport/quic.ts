/** The transport of the CLI: QUIC with ALPN "capnp", directly to the core. */

import type { Bytes } from "../../schema/bytes.ts";
import { Pulse } from "../../schema/pulse.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { staggered } from "../../schema/staggered.ts";
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
/** A datagram asks the core this often whether it is alive, in ms; it takes the place of QUIC's packets. */
const beatMs = 1_000;
/** No answer for this long: the core is asked by a fresh connection, too. In ms. */
export const silentAfterMs = 1_500;
/**
 * Between attempts to make one: at first, and at most, in ms; each time 60 % more. Where the core is only slow, all of
 * its clients ask at once. How many run at once.
 */
const attemptEveryMs = 300;
const longestAttemptMs = 2_000;
const attemptsAtOnce = 5;
/** For who may harden a password: until that is done, nothing is sent (architecture §5). */
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
   * @param options.patienceMs how long the core may be silent, in ms; the time for hardening a password unless given
   * @param options.onUntrusted called when something answers that is not this core, before there was a connection.
   *   Once there was one, somebody in the network may have answered in the core's place, and the core is tried again
   */
  constructor(target: QuicTarget, options: { patienceMs?: number; onUntrusted?: () => void } = {}) {
    this.#target = target;
    this.#silenceMs = options.patienceMs ?? busySilenceMs;
    this.#onUntrusted = options.onUntrusted ?? (() => {});
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    return new QuicConnection(await this.#dial(signal), (over) => this.#answersAnew(over));
  }

  /** @returns how long a fresh connection to the core took, once one stands; it is closed then */
  async #answersAnew(over: AbortSignal): Promise<number> {
    const { conn, tookMs } = await staggered({
      attempt: async (signal) => {
        const startedMs = performance.now();
        return { conn: await this.#dial(signal), tookMs: performance.now() - startedMs };
      },
      discard: ({ conn }) => conn.close({ closeCode: 0, reason: "not needed" }),
      everyMs: (begun) => Math.min(attemptEveryMs * 1.6 ** (begun - 1), longestAttemptMs) * (0.75 + Math.random() / 2),
      atOnce: attemptsAtOnce,
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      signal: over,
    });
    conn.close({ closeCode: 0, reason: "not needed" });
    return tookMs;
  }

  async #dial(signal: AbortSignal): Promise<Deno.QuicConn> {
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
      return conn;
    } catch (error) {
      if (!this.#hasConnected && badCertificate.test((error as Error)?.message)) this.#onUntrusted();
      // A handshake that completes after the abort must not leave an open connection.
      connecting.then((late) => late.close({ closeCode: 0, reason: "given up" }), () => {});
      throw new TransportError(`QUIC: ${(error as Error)?.message ?? error}`, { cause: error });
    }
  }
}

/** A connection that ends when the core is silent on it and answers on a fresh one. */
class QuicConnection implements Connection {
  readonly transport = "QUIC";
  readonly closed: Promise<{ reason: string }>;
  readonly #conn: Deno.QuicConn;
  readonly #limit = new StreamLimit();
  readonly #pulse: Pulse;
  readonly #ended = new AbortController();
  #over = false;
  /** Ends the attempts to make a fresh connection; undefined while nobody asks. */
  #asking: AbortController | undefined;

  /** @param answersAnew makes a fresh connection, however often it must try. @returns how long it took, in ms */
  constructor(conn: Deno.QuicConn, answersAnew: (over: AbortSignal) => Promise<number>) {
    this.#conn = conn;
    this.#pulse = new Pulse(conn, { beatMs, silentAfterMs, changed: () => void this.#judge(answersAnew) });
    this.closed = conn.closed.then(
      ({ reason }) => ({ reason: reason || "closed" }),
      (error) => ({ reason: (error as Error)?.message || "connection lost" }),
    ).finally(() => this.#end());
  }

  async #judge(answersAnew: (over: AbortSignal) => Promise<number>): Promise<void> {
    // Handshakes that nobody needs any more would keep a slow core slow.
    if (!this.#pulse.isSilent) this.#asking?.abort(new TransportError("the core answers"));
    if (this.#asking) return;
    while (this.#pulse.isSilent && !this.#over) {
      this.#asking = new AbortController();
      const over = AbortSignal.any([this.#ended.signal, this.#asking.signal]);
      const tookMs = await answersAnew(over).catch(() => undefined);
      // A core that is stopping refuses at once.
      if (tookMs === undefined) await new Promise((resolve) => setTimeout(resolve, attemptEveryMs));
      else if (await this.#pulse.staysSilent(tookMs)) this.close();
    }
    this.#asking = undefined;
  }

  #end(): void {
    this.#over = true;
    this.#pulse.stop();
    this.#ended.abort(new TransportError("the connection is over"));
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    if (this.#over) throw new TransportError("the connection is over");
    return await this.#limit.open(signal, () => this.#conn.createBidirectionalStream({ waitUntilAvailable: true }));
  }

  close(): void {
    this.#end();
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

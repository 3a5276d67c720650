/** A connection over WebTransport (HTTP/3): a stream a call, as on QUIC. */

import type { Bytes } from "../../../schema/bytes.ts";
import type { ByteStream } from "../../../schema/rpc/byte_stream.ts";
import { TransportError } from "../../../schema/rpc/errors.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { StreamLimit } from "../stream_limit.ts";
import type { Connection } from "../transport.ts";

/** The runtime's class, handed in so that tests can replace it or leave it out. */
export type WebTransportClass = new (url: string, options?: WebTransportOptions) => WebTransport;

/**
 * @param target.certificateHashes SHA-256 of acceptable certificates; none: the browser's own trust
 * @param options.timeoutMs how long the handshake may take
 * @throws TransportError; then the attempt is closed
 */
export async function connectWebTransport(
  WebTransportImplementation: WebTransportClass,
  target: { url: string; certificateHashes: Bytes[] },
  { timeoutMs, signal, clock = systemClock }: { timeoutMs: number; signal: AbortSignal; clock?: Clock },
): Promise<Connection> {
  const session = opening(WebTransportImplementation, target);
  // Both settle with the session; a rejection that nobody awaits would end a Deno process.
  session.closed.catch(() => {});
  session.ready.catch(() => {});
  try {
    await settled(session.ready, timeoutMs, signal, clock);
  } catch (error) {
    closeQuietly(session);
    throw new TransportError(`WebTransport: ${(error as Error)?.message || "no connection"}`, { cause: error });
  }
  return new WebTransportConnection(session);
}

function opening(
  WebTransportImplementation: WebTransportClass,
  { url, certificateHashes }: { url: string; certificateHashes: Bytes[] },
): WebTransport {
  const serverCertificateHashes = certificateHashes.map((value) => ({ algorithm: "sha-256", value }));
  try {
    return new WebTransportImplementation(url, {
      congestionControl: "low-latency",
      ...(serverCertificateHashes.length > 0 && { serverCertificateHashes }),
    });
  } catch (error) {
    throw new TransportError(`WebTransport: ${(error as Error).message}`, { cause: error });
  }
}

class WebTransportConnection implements Connection {
  readonly transport = "WebTransport";
  readonly closed: Promise<{ reason: string }>;
  readonly #session: WebTransport;
  readonly #limit = new StreamLimit();
  #over = false;
  #datagrams: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #answered: () => void = () => {};

  constructor(session: WebTransport) {
    this.#session = session;
    this.closed = session.closed.then(
      (info) => ({ reason: info?.reason || "closed" }),
      (error) => ({ reason: (error as Error)?.message || "connection lost" }),
    ).finally(() => this.#over = true);
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    if (this.#over) throw new TransportError("the connection is over");
    return await this.#limit.open(signal, async () => {
      const { readable, writable } = await this.#session.createBidirectionalStream();
      return { readable, writable };
    });
  }

  /** As a datagram, which the gateway sends back: no stream, and no work for the core. */
  nudge(answered: () => void): boolean {
    try {
      this.#answered = answered;
      if (!this.#datagrams) {
        this.#datagrams = this.#session.datagrams.writable.getWriter();
        void this.#readDatagrams();
      }
      this.#datagrams.write(new Uint8Array(1)).catch(() => {});
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#over = true;
    closeQuietly(this.#session);
  }

  async #readDatagrams(): Promise<void> {
    try {
      const reader = this.#session.datagrams.readable.getReader();
      while (!(await reader.read()).done) this.#answered();
    } catch {
      // The session is over.
    }
  }
}

function closeQuietly(session: WebTransport): void {
  try {
    session.close();
  } catch {
    // Already over.
  }
}

async function settled(work: Promise<unknown>, timeoutMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
  signal.throwIfAborted();
  let stop: () => void = () => {};
  let cancel: () => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    cancel = clock.after(timeoutMs, () => reject(new Error(`no connection within ${timeoutMs} ms`)));
  });
  try {
    await Promise.race([work, ended]);
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

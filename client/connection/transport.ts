/** The interface of transports: connections to the server that open byte streams. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";

export interface Connection {
  /** "WebTransport" or "HTTPS" in a browser, "QUIC" for the CLI. */
  readonly transport: "WebTransport" | "HTTPS" | "QUIC";
  /** @throws when the connection is over */
  openStream(signal?: AbortSignal): Promise<ByteStream>;
  /** Resolves, never rejects, when the connection is over. */
  readonly closed: Promise<{ reason: string }>;
  /**
   * Sends one packet. A router may have given this device another address: from the packet the server learns it
   * (RFC 9000 §9.3).
   *
   * @param answered called when the server sends it back, which earlier versions do not; packets may be lost
   * @returns false where the transport can not
   */
  nudge?(answered: () => void): boolean;
  close(): void;
}

export interface Transport {
  /**
   * Connects once, without retries: the engine backs off and tries again.
   *
   * @throws TransportError
   */
  connect(signal: AbortSignal): Promise<Connection>;
}

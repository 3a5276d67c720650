/**
 * Stops a TLS connection's sender while nobody reads: works around a gap in Deno 2.9.
 *
 * Deno's `node:tls` stops handing out plain text when a socket is paused, but goes on reading from the network
 * and keeps what it decrypts in memory, without bound. A request body that waits for a slow reader would so fill
 * the memory of the process. `http_server_test.ts` fails when this stops working.
 */

import type { TLSSocket } from "node:tls";

interface Readable {
  readStart(): unknown;
  readStop(): unknown;
}

/** What Deno's TLS sockets hold beside Node's public API. */
interface SocketInternals {
  _handle?: Readable & { _nativeTcpHandle?: Readable };
}

/** Ties the reading of the TCP connection below to the reading of the TLS socket. */
export function stopSenderWhilePaused(socket: TLSSocket): void {
  const tls = (socket as unknown as SocketInternals)._handle;
  const tcp = tls?._nativeTcpHandle;
  if (!tls || !tcp) return;
  const { readStart, readStop } = tls;
  tls.readStop = () => {
    tcp.readStop();
    return readStop.call(tls);
  };
  tls.readStart = () => {
    const status = readStart.call(tls);
    tcp.readStart();
    return status;
  };
}

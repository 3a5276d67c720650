/**
 * Stops the sender of a TLS connection while nobody reads: works around a gap in Deno 2.9.
 *
 * When a socket is paused, Deno's `node:tls` stops delivering plain text. But it keeps reading from the
 * network, and stores the decrypted bytes in memory without limit. A request body with a slow reader would
 * fill the memory of the process. `http_server_test.ts` fails when this workaround stops working.
 */

import type { TLSSocket } from "node:tls";

interface Readable {
  readStart(): unknown;
  readStop(): unknown;
}

/** Internals of Deno's TLS sockets beyond Node's public API. */
interface SocketInternals {
  _handle?: Readable & { _nativeTcpHandle?: Readable };
}

/** Ties the reading of the underlying TCP connection to the reading of the TLS socket. */
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

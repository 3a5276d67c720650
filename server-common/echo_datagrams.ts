/**
 * Sends small datagrams of a QUIC connection back as they came: the peer asks whether this connection is alive, without
 * a stream and without work for the program behind it (specification §4.14).
 */

/** Datagrams that are sent back: at most so large, and one in so many ms. */
const maxEchoBytes = 16;
const echoEveryMs = 100;

/**
 * Reads all datagrams: unread ones would take up to 1.25 MB in the QUIC stack. Larger and earlier ones are thrown away.
 *
 * @param isReady whether they are answered already
 * @returns never; rejects when the connection is over
 */
export async function echoDatagrams(
  conn: Pick<Deno.QuicConn, "readDatagram" | "sendDatagram">,
  isReady: () => boolean = () => true,
): Promise<never> {
  let nextMs = 0;
  while (true) {
    const datagram = await conn.readDatagram();
    const nowMs = performance.now();
    if (!isReady() || datagram.length > maxEchoBytes || nowMs < nextMs) continue;
    nextMs = nowMs + echoEveryMs;
    await conn.sendDatagram(datagram).catch(() => {});
  }
}

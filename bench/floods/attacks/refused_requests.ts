/** One session fills QUIC's windows with requests that are refused. */

import { encodeFrame, frameType } from "../../../gateway/http3/frames.ts";
import { encodeFieldSection } from "../../../gateway/http3/qpack.ts";
import { openSession } from "../../../gateway/testing/http3_client.ts";
import type { Attack, Target } from "../attack.ts";
import { pause } from "../pause.ts";

const from = "127.0.2.1";
/** A QUIC window of a stream. */
const bytesPerRequest = 1_250_000;
const requests = 999;
const refused = encodeFrame(
  frameType.headers,
  encodeFieldSection([[":method", "GET"], [":scheme", "https"], [":authority", "127.0.0.1"], [":path", "/"]]),
);
const body = encodeFrame(frameType.data, new Uint8Array(16_000));

export const attack: Attack = {
  what: "one session sends 999 requests at once that are refused, with 1.25 MB each, again and again",
  async run(target, signal) {
    while (!signal.aborted) {
      await oneSession(target, signal).catch(() => {});
      await pause(50, signal);
    }
  },
};

async function oneSession({ httpPort, webTransportPort, gatewayCertificate }: Target, signal: AbortSignal) {
  const endpoint = new Deno.QuicEndpoint({ hostname: from, port: 0 });
  const session = await openSession({
    port: webTransportPort,
    certificate: gatewayCertificate,
    origin: `http://127.0.0.1:${httpPort}`,
    endpoint,
  });
  const { conn } = session;
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener("abort", end);
  conn.closed.then(end, end);
  await Promise.all(Array.from({ length: requests }, async () => {
    while (!over.signal.aborted) {
      await oneRequest(conn, over.signal).catch(() => {});
      await pause(100, over.signal);
    }
  }));
  endpoint.close();
}

async function oneRequest(conn: Deno.QuicConn, signal: AbortSignal): Promise<void> {
  const { readable, writable } = await conn.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(refused);
  for (let sent = 0; sent < bytesPerRequest && !signal.aborted; sent += body.length) await writer.write(body);
  // The stream stays open: what was sent lies in its window.
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await readable.cancel();
}

/** Eight addresses open calls over WebTransport and never finish them. */

import { type ClientSession, openSession } from "../../../gateway/testing/http3_client.ts";
import type { Attack, Target } from "../attack.ts";
import { pause } from "../pause.ts";

const addresses = Array.from({ length: 8 }, (_, index) => `127.0.2.${index + 1}`);
const sessionsPerAddress = 8;
const callsPerSession = 250;
/** A call's first bytes: a message of one segment, whose length is to come. */
const halfCall = new Uint8Array(4);

export const attack: Attack = {
  what: "eight addresses begin 2,000 calls each, over eight sessions each, and finish none",
  async run(target, signal) {
    await Promise.all(addresses.flatMap((address) => {
      const endpoint = new Deno.QuicEndpoint({ hostname: address, port: 0 });
      return Array.from({ length: sessionsPerAddress }, async () => {
        while (!signal.aborted) {
          await oneSession(target, endpoint, signal).catch(() => {});
          await pause(100, signal);
        }
      });
    }));
  },
};

async function oneSession(
  { httpPort, webTransportPort, gatewayCertificate }: Target,
  endpoint: Deno.QuicEndpoint,
  signal: AbortSignal,
): Promise<void> {
  const session = await openSession({
    port: webTransportPort,
    certificate: gatewayCertificate,
    origin: `http://127.0.0.1:${httpPort}`,
    endpoint,
  });
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener("abort", end);
  session.conn.closed.then(end, end);
  await Promise.all(Array.from({ length: callsPerSession }, async () => {
    while (!over.signal.aborted) {
      await oneCall(session, over.signal).catch(() => {});
      await pause(100, over.signal);
    }
  }));
  session.conn.close();
}

/** Resolves when the call was refused or cut off. */
async function oneCall(session: ClientSession, signal: AbortSignal): Promise<void> {
  const opened = await Promise.race([session.openStream(), pause(60_000, signal)]);
  if (!opened) return;
  const writer = opened.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(halfCall);
  const ended = (async () => {
    for await (const _ of opened.readable);
  })();
  await Promise.race([ended, pause(3_600_000, signal)]);
  await writer.abort();
}

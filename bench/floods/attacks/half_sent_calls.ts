/** Eight addresses open calls over WebTransport and never finish them. */

import { type ClientSession, openSession } from "../../../gateway/testing/http3_client.ts";
import type { Attack, Target } from "../attack.ts";

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
          await pause(signal, 100);
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
      await pause(over.signal, 100);
    }
  }));
  session.conn.close();
}

/** Resolves when the call was refused or cut off. */
async function oneCall(session: ClientSession, signal: AbortSignal): Promise<void> {
  const opened = await Promise.race([session.openStream(), pause(signal, 60_000)]);
  if (!opened) return;
  const writer = opened.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(halfCall);
  const ended = (async () => {
    for await (const _ of opened.readable);
  })();
  await Promise.race([ended, pause(signal, 3_600_000)]);
  await writer.abort();
}

function pause(signal: AbortSignal, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** The HTTP/3 server for a test, over real QUIC. */
import { makeKeyPair } from "./stub_core.ts";
import {
  serveWebTransport,
  type SessionCloseInfo,
  type WebTransportServer,
  type WebTransportServerOptions,
  type WebTransportSession,
  type WebTransportStream,
} from "../http3/server.ts";

export const keyPair = await makeKeyPair();
export const origin = "https://page.example";

/** A server, and its received sessions and events. */
export interface Http3Fixture extends AsyncDisposable {
  server: WebTransportServer;
  port: number;
  sessions: WebTransportSession[];
  streams: WebTransportStream[];
  closes: SessionCloseInfo[];
  options: { port: number; certificate: string; origin: string };
}

/** Listens on a free port; sessions of {@link origin} on `/wt` are accepted and echo. */
export function startServer(
  overrides: Partial<WebTransportServerOptions> = {},
  onStream: (stream: WebTransportStream) => void = (stream) =>
    void stream.readable.pipeTo(stream.writable).catch(() => {}),
): Http3Fixture {
  const fixture = {
    sessions: [] as WebTransportSession[],
    streams: [] as WebTransportStream[],
    closes: [] as SessionCloseInfo[],
  };
  const server = serveWebTransport({
    hostname: "127.0.0.1",
    port: 0,
    certificate: keyPair.certificate,
    privateKey: keyPair.privateKey,
    authorize: (asked) => ({
      status: asked.origin !== origin ? 403 : asked.path === "/wt" ? 200 : asked.path === "/full" ? 429 : 404,
    }),
    onSession(session) {
      fixture.sessions.push(session);
      session.closed.then((info) => fixture.closes.push(info));
      return (stream) => {
        fixture.streams.push(stream);
        onStream(stream);
      };
    },
    ...overrides,
  });
  return {
    ...fixture,
    server,
    port: server.port,
    options: { port: server.port, certificate: keyPair.certificate, origin },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** @returns the code with which the connection was closed */
export async function closeCode(conn: Deno.QuicConn): Promise<number> {
  return Number((await conn.closed).closeCode);
}

/** A test over real QUIC. */
export function quicTest(name: string, fn: () => Promise<void>): void {
  // Deno's QUIC keeps operations of closed connections for a moment.
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

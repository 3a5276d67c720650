/**
 * A process that floods a gateway from one address as fast as it can: WebTransport sessions full of calls,
 * half of them garbage, and `/rpc`. A line on its stdin starts it and the next one pauses it. At the end of
 * stdin it prints its counts as JSON.
 */
import { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { connectHttp3, request, sendSettings, webTransportFields } from "./http3_client.ts";

export interface FloodTarget {
  /** IP literal of the flood's source */
  from: string;
  httpPort: number;
  webTransportPort: number;
  /** PEM of the gateway's certificate */
  certificate: string;
}

export interface FloodCounts {
  /** calls with an answer */
  answered: number;
  /** calls with E005, a reset, or 429 */
  refused: number;
}

const sessions = 4;
const callsPerSession = 16;
const requests = 16;

if (import.meta.main) {
  const target: FloodTarget = JSON.parse(Deno.env.get("FLOOD_TARGET")!);
  const counts: FloodCounts = { answered: 0, refused: 0 };
  let isOver = false;
  let go = Promise.withResolvers<void>();
  const repeat = async (once: () => Promise<unknown>) => {
    while (!isOver) {
      await go.promise;
      await once().then(() => counts.answered++, () => counts.refused++);
    }
  };
  const origin = `http://127.0.0.1:${target.httpPort}`;
  const http = Deno.createHttpClient({ localAddress: target.from, poolMaxIdlePerHost: requests });
  for (let index = 0; index < sessions; index++) {
    const conn = await connectHttp3({
      port: target.webTransportPort,
      certificate: target.certificate,
      endpoint: new Deno.QuicEndpoint({ hostname: target.from, port: 0 }),
    });
    await sendSettings(conn);
    const session = await request(conn, webTransportFields("/wt", origin));
    const client = new RpcClient(() => session.openStream());
    const garbage = async () => {
      const { readable, writable } = await session.openStream();
      const writer = writable.getWriter();
      await writer.write(crypto.getRandomValues(new Uint8Array(200)));
      await writer.close();
      for await (const _ of readable);
    };
    for (let call = 0; call < callsPerSession; call++) {
      void repeat(call % 2 ? garbage : () => client.call(delivery.health, {}));
    }
  }
  for (let index = 0; index < requests; index++) {
    void repeat(async () => {
      const init: RequestInit & { client: Deno.HttpClient } = {
        method: "POST",
        body: new Uint8Array(16),
        headers: { origin },
        client: http,
      };
      const response = await fetch(`${origin}/rpc`, init);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${response.status}`);
    });
  }
  console.log("ready");
  let isGoing = false;
  for await (const _ of Deno.stdin.readable) {
    isGoing = !isGoing;
    if (isGoing) go.resolve();
    else go = Promise.withResolvers();
  }
  isOver = true;
  console.log(JSON.stringify(counts));
  Deno.exit(0);
}

/**
 * How much longer a call takes while another address floods the gateway, between real core and gateway processes
 * with their usual limits. Prints one JSON object: times in ms, of quiet and of flooded seconds in turns.
 */

import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { openSession } from "../gateway/testing/http3_client.ts";
import { startFlood } from "../gateway/testing/flood.ts";
import { seedDevices } from "../server-core/testing/seed.ts";
import { withTempDir } from "../server-core/testing/quic.ts";
import { percentiles } from "./statistics.mjs";
import { startCore, startGateway, stopService } from "../scripts/stack.mjs";

const rounds = 8;
const phaseMs = 1_000;
/** What a person's page does at most, and below every limit. */
const callEveryMs = 15;

await withTempDir(async (dataDir) => {
  await Deno.mkdir(`${dataDir}/core`);
  const [device] = seedDevices(`${dataDir}/core`, 1);
  const core = await startCore(dataDir, { QPQ_LISTEN: "127.0.0.1:0" });
  const gateway = await startGateway(dataDir, core.ready.addr, { QPQ_HTTP_PORT: "18090", QPQ_WT_PORT: "14490" });
  try {
    const [{ certificate }] = JSON.parse(await Deno.readTextFile(`${dataDir}/gateway/webtransport-certificates.json`));
    const [httpPort, webTransportPort] = [Number(gateway.ready.http), Number(gateway.ready.webtransport)];
    const origin = `http://127.0.0.1:${httpPort}`;
    const session = await openSession({ port: webTransportPort, certificate, origin });
    const client = new RpcClient(() => session.openStream(), () => device.auth);
    const fetchOwn = { recipientKey: device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 10 };
    const live = async (samples: number[]) => {
      for (const untilMs = performance.now() + phaseMs; performance.now() < untilMs;) {
        const startMs = performance.now();
        await client.call(delivery.fetch, fetchOwn);
        samples.push(performance.now() - startMs);
        await new Promise((resolve) => setTimeout(resolve, callEveryMs));
      }
    };
    const flood = await startFlood({ from: "127.0.2.1", httpPort, webTransportPort, certificate });
    await live([]);
    const quiet: number[] = [];
    const flooded: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await live(quiet);
      await flood.toggle();
      await live(flooded);
      await flood.toggle();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await flood.end();
    console.log(JSON.stringify({ quiet: percentiles(quiet), flooded: percentiles(flooded) }));
  } finally {
    await stopService(gateway);
    await stopService(core);
  }
});

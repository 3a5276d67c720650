/**
 * What the gateway costs: the same call straight to a core process, and through a gateway process over
 * WebTransport and over HTTPS's `/rpc`. Prints one JSON object.
 *
 * The peer is Deno on both ways, so that the difference is the gateway's and no browser's.
 */

import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { HttpsConnection } from "../client/connection/https_fallback.ts";
import { openSession } from "../gateway/testing/http3_client.ts";
import { connect, startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { rateOf } from "./rate.ts";

const secret = "a secret of the benchmark, long enough for both";
/** One address makes all the calls here. */
const roomy = {
  QPQ_LIMIT_CALLS_PER_SECOND: "1000000",
  QPQ_LIMIT_RPC_PER_SECOND: "1000000",
  QPQ_LIMIT_CALLS_PER_SESSION: "1000",
};

async function startGateway(
  dataDir: string,
  corePort: number,
  coreCertificate: string,
): Promise<{ http: number; webTransport: number; stop(): Promise<void> }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", "--no-check", new URL("../gateway/main.ts", import.meta.url).pathname],
    env: {
      ...roomy,
      QPQ_HTTP_PORT: "0",
      QPQ_WT_PORT: "0",
      QPQ_DATA: `${dataDir}/gateway`,
      QPQ_CORE_ADDR: `127.0.0.1:${corePort}`,
      QPQ_CORE_CA: coreCertificate,
      QPQ_GATEWAY_SECRET: secret,
      QPQ_LOG: "error",
    },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const [, http, webTransport] = (await reader.read()).value!.match(/http=(\d+) webtransport=(\d+)/)!;
  return {
    http: Number(http),
    webTransport: Number(webTransport),
    async stop() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

await withTempDir(async (dataDir) => {
  const server = await startProcess(dataDir, { QPQ_GATEWAY_SECRET: secret });
  const gateway = await startGateway(dataDir, server.address.port, `${dataDir}/core-cert.pem`);
  try {
    const direct = await connect(server.address, server.caPem);
    const origin = `http://127.0.0.1:${gateway.http}`;
    const [{ certificate }] = JSON.parse(await Deno.readTextFile(`${dataDir}/gateway/webtransport-certificates.json`));
    const session = await openSession({ port: gateway.webTransport, certificate, origin });
    // A page's requests name its origin; Deno's do so when they are told to.
    const https = new HttpsConnection(
      new URL(`${origin}/rpc`),
      (url, init) => fetch(url, { ...init, headers: { ...init?.headers as Record<string, string>, origin } }),
    );
    const ways = {
      direct: direct.as(),
      webTransport: new RpcClient(() => session.openStream()),
      https: new RpcClient((signal) => https.openStream(signal)),
    };
    const result: Record<string, unknown> = {};
    for (const [way, client] of Object.entries(ways)) {
      const health = () => client.call(delivery.health, {});
      result[way] = [await rateOf(1, health), await rateOf(32, health)];
    }
    console.log(JSON.stringify(result));
    direct.close();
    session.conn.close();
    https.close();
  } finally {
    await gateway.stop();
    server.kill("SIGTERM");
    await server.status;
  }
});

/**
 * Stands between gateway and core and writes down every byte that crosses, outside of TLS: what an operator
 * of the server could record.
 *
 * Admits the gateway as the core does, is admitted by the core as a gateway is, and splices each stream.
 * Usage: recorder.ts CORE_ADDR CORE_PEM SECRET_FILE OWN_DATA CAPTURE_FILE
 */

import { logTo } from "../../server-common/testing/log.ts";
import { UpstreamPool } from "../../gateway/upstream.ts";
import { Metrics } from "../../gateway/metrics.ts";
import { certificatePin } from "../../schema/certificate_pin.ts";
import { readFirstStream, takeClientAddress } from "../../server-core/admission.ts";
import { keptCertificate } from "../../server-core/certificate.ts";

const [coreAddr, corePem, secretFile, ownData, captureFile] = Deno.args;
const secret = new TextEncoder().encode((await Deno.readTextFile(secretFile)).trim());
const [hostname, port] = coreAddr.split(":");
const caPem = await Deno.readTextFile(corePem);
const upstream = new UpstreamPool({
  core: { hostname, port: Number(port) },
  trust: { caPem, serverName: "localhost", pin: await certificatePin(caPem) },
  secret,
  silenceMs: 2_000,
  connections: 1,
  metrics: new Metrics(),
  log: logTo((level, event, fields) => console.error(level, event, fields)),
});
await upstream.whenReady();

const certificate = await keptCertificate(ownData, Date.now());
const capture = await Deno.open(captureFile, { create: true, append: true });
const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
const listener = endpoint.listen({
  cert: certificate.certificatePem,
  key: certificate.privateKeyPem,
  alpnProtocols: ["capnp"],
  maxConcurrentBidirectionalStreams: 1000,
  maxIdleTimeout: 30_000,
});
console.log(`recorder: ready addr=127.0.0.1:${endpoint.addr.port}`);

while (true) {
  const connection = await (await listener.incoming()).accept();
  void serve(connection).catch((error) => console.error(error));
}

async function serve(connection: Deno.QuicConn): Promise<void> {
  let admitted = false;
  for await (const stream of connection.incomingBidirectionalStreams) {
    if (!admitted) {
      await readFirstStream(stream, { secret, pin: certificate.pin, timeoutMs: 5000 });
      admitted = true;
    } else {
      void splice(stream).catch(() => {});
    }
  }
}

async function splice(incoming: Deno.QuicBidirectionalStream): Promise<void> {
  const { stream } = await takeClientAddress(incoming, 5000);
  const core = await upstream.open({ transport: "tcp", hostname: "127.0.0.1", port: 1 });
  await Promise.allSettled([
    stream.readable.pipeThrough(recording()).pipeTo(core.writable),
    core.readable.pipeThrough(recording()).pipeTo(stream.writable),
  ]);
  core.release();
}

function recording(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(bytes, controller) {
      capture.writeSync(bytes);
      controller.enqueue(bytes);
    },
  });
}

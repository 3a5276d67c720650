/**
 * Exit 0 if the gateway of this container carries a `health` call to the core and back, for container health
 * checks. Asks over the fallback (`POST /rpc`), on this machine.
 *
 * Started with `--unsafely-ignore-certificate-errors=127.0.0.1`: a certificate for the public name says
 * nothing of this address.
 */
import { readConfig } from "../../gateway/config.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";

/** Longer than a busy server takes, shorter than a health check's patience. */
const probeMs = 4_000;

const { httpPort, httpTls } = readConfig((key) => Deno.env.get(key), Deno.readTextFileSync);
const origin = `${httpTls ? "https" : "http"}://127.0.0.1:${httpPort}`;

const client = new RpcClient(async () => {
  const call = new TransformStream<Uint8Array, Uint8Array>();
  const answer = new TransformStream<Uint8Array, Uint8Array>();
  // The page's own origin: anything else is refused.
  const send = async () => {
    const body = new Uint8Array(
      await new Response(call.readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
    );
    const response = await fetch(`${origin}/rpc`, {
      method: "POST",
      headers: { origin: new URL(origin).origin },
      body,
    });
    if (!response.ok || !response.body) throw new Error(`/rpc answers ${response.status}`);
    await response.body.pipeTo(answer.writable);
  };
  void send().catch((error) => answer.writable.abort(error));
  return { readable: answer.readable, writable: call.writable };
});

try {
  const { draining } = await client.call(delivery.health, {}, { timeoutMs: probeMs });
  if (draining) throw new Error("the core is shutting down");
  Deno.exit(0);
} catch (error) {
  console.error(`qpq-gateway: error: no answer: ${(error as Error).message}`);
  Deno.exit(1);
}

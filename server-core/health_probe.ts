/**
 * `qpq-server health`: asks the running server of this data directory for its health, for container health
 * checks.
 */

import { certificatePin } from "../schema/certificate_pin.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import type { ServerConfig } from "./config.ts";

/** `serverCertificateHashes` is not in Deno's types, but its QUIC client takes it. */
interface PinnedOptions extends Deno.ConnectQuicOptions<false> {
  serverCertificateHashes: { algorithm: "sha-256"; value: Uint8Array<ArrayBuffer> }[];
}

/**
 * Calls `health` over QUIC, on this machine.
 *
 * @param timeoutMs for connecting and for the answer each
 * @returns whether the server answers and is not shutting down
 * @throws when it can not be reached, or is another server
 */
export async function probeHealth(
  { listen: { hostname, port }, dataDir }: Pick<ServerConfig, "listen" | "dataDir">,
  timeoutMs: number,
): Promise<boolean> {
  const pin = await certificatePin(await Deno.readTextFile(`${dataDir}/core-cert.pem`));
  // A server on all addresses of IPv6 has those of IPv4, too, and a container may lack the loopback of IPv6.
  const local = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  const v6 = local.includes(":");
  const endpoint = new Deno.QuicEndpoint({ hostname: v6 ? "::" : "0.0.0.0", port: 0 });
  try {
    const options: PinnedOptions = {
      hostname: local,
      port,
      serverName: "localhost",
      alpnProtocols: ["capnp"],
      endpoint,
      maxIdleTimeout: timeoutMs,
      serverCertificateHashes: [{ algorithm: "sha-256", value: pin }],
    };
    const conn = await Deno.connectQuic<false>(options);
    const { draining } = await new RpcClient(() => conn.createBidirectionalStream()).call(delivery.health, {}, {
      timeoutMs,
    });
    conn.close({ closeCode: 0, reason: "done" });
    return !draining;
  } finally {
    endpoint.close();
  }
}

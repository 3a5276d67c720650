/** Runs inside a page of the app's origin: times `health` calls over WebTransport, one at a time. */

import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";

/**
 * @param count how many calls
 * @returns the time of each in ms
 */
export async function echo(count: number): Promise<number[]> {
  const { webtransport } = await (await fetch("/.well-known/quicproquo.json")).json();
  const serverCertificateHashes = webtransport.certificateHashes?.map((
    { algorithm, value }: { algorithm: string; value: string },
  ) => ({
    algorithm,
    value: Uint8Array.from(atob(value), (character) => character.charCodeAt(0)),
  }));
  const session = new WebTransport(webtransport.url, { serverCertificateHashes, congestionControl: "low-latency" });
  await session.ready;
  const rpc = new RpcClient(() => session.createBidirectionalStream());
  const samples: number[] = [];
  for (let index = 0; index < count + 20; index++) {
    const startMs = performance.now();
    await rpc.call(delivery.health, {});
    if (index >= 20) samples.push(performance.now() - startMs);
  }
  session.close();
  return samples;
}

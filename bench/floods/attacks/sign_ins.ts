/** Addresses flood the core with sign-ins. No name comes twice, so that the limit of a name holds nothing back. */

import { RpcClient } from "../../../schema/rpc/client.ts";
import { noAuth } from "../../../schema/rpc/calls_and_returns.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import { opaqueSuite } from "../../../schema/signed_call.ts";
import { startLogin } from "../../../server-core/opaque/testing/opaque_client.ts";
import type { Attack, Target } from "../attack.ts";

/** Above the sign-ins that may wait for a thread at the core. */
const atOnce = 80;
const pauseMs = 250;

/** One address that nobody is signed in at starts sign-ins under many names, as many as it is allowed. */
export const attack: Attack = {
  what: "one address starts sign-ins under many names, at its limit",
  run: (target, signal) => floodSignIns(target, signal, ["127.0.0.2"]),
};

/** Starts sign-ins from each of the addresses of this machine, until `signal` aborts. */
export async function floodSignIns(target: Target, signal: AbortSignal, addresses: string[]): Promise<void> {
  const { ke1 } = await startLogin("a guess", "anybody");
  await Promise.all(addresses.map(async (hostname) => {
    while (!signal.aborted) {
      await signInFrom(hostname, target, signal, ke1).catch(() => {});
      await pause();
    }
  }));
}

async function signInFrom(
  hostname: string,
  { core, coreCertificate }: Target,
  signal: AbortSignal,
  ke1: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const endpoint = new Deno.QuicEndpoint({ hostname, port: 0 });
  const connection = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port: core.port,
    serverName: "localhost",
    alpnProtocols: ["capnp"],
    caCerts: [coreCertificate],
    endpoint,
  });
  const client = new RpcClient(() => connection.createBidirectionalStream(), () => noAuth);
  try {
    while (!signal.aborted) {
      const guesses = Array.from({ length: atOnce }, () => {
        const username = `guess${crypto.randomUUID().slice(0, 8)}`;
        return client.call(authentication.loginStart, { suite: opaqueSuite, username, ke1 }).catch(() => {});
      });
      await Promise.race([Promise.all(guesses), pause()]);
      await pause();
    }
  } finally {
    connection.close({ closeCode: 0, reason: "" });
    endpoint.close();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

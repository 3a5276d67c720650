/** Devices open 1,000 waits for a quiet channel, while one of them and others publish where they are members. */

import type { RpcClient } from "../../../schema/rpc/client.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import { makeChannel, publishTo } from "../../../server-core/testing/delivery_service.ts";
import { connect, type Connection, pause } from "../../../server-core/testing/quic.ts";
import type { TestDevice } from "../../../server-core/testing/seed.ts";
import type { Attack, Target } from "../attack.ts";

const waits = 1_000;
const waitsPerConnection = 100;
const waitMs = 60_000;
/** Between two tries of what was refused, and between two messages, ms. */
const againMs = 1_000;
const publishEveryMs = 40;

/** Calls on a connection that is made anew when it ends. */
class Line {
  readonly #target: Target;
  #connection: Promise<Connection> | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  async as(device: TestDevice): Promise<RpcClient> {
    this.#connection ??= connect(this.#target.core, this.#target.coreCertificate, "capnp", "127.0.2.1").then(
      (connection) => {
        void connection.conn.closed.catch(() => {}).then(() => this.#connection = undefined);
        return connection;
      },
    );
    this.#connection.catch(() => this.#connection = undefined);
    return (await this.#connection).as(device);
  }

  async close(): Promise<void> {
    await this.#connection?.then((connection) => connection.close(), () => {});
  }
}

async function again(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) await work().catch(() => pause(againMs));
}

/** Tries until it works. */
async function atLast<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch {
      await pause(againMs);
    }
  }
  return undefined;
}

/** Their channel, made once: the rounds of a measurement share the process. */
let shared: Uint8Array<ArrayBuffer> | undefined;

export const attack: Attack = {
  what: "four devices wait 1,000 times for a quiet channel (`fetchWait`), while others write to them",
  async run(target, signal) {
    const { devices } = target;
    const lines = Array.from({ length: waits / waitsPerConnection }, () => new Line(target));
    const writing = new Line(target);
    shared ??= await atLast(signal, async () => {
      const clients = new Map<TestDevice, RpcClient>();
      for (const device of devices) clients.set(device, await writing.as(device));
      return await makeChannel((device) => clients.get(device)!, devices);
    });
    const quiet = crypto.getRandomValues(new Uint8Array(32));
    const waiting = lines.flatMap((line) =>
      Array.from({ length: waitsPerConnection }, (_, index) => {
        const waiter = devices[index % devices.length];
        const { recipientKey } = waiter;
        const params = { recipientKey, channelId: quiet, after: 0, limit: 1, timeoutMs: waitMs };
        return again(signal, async () => {
          const client = await line.as(waiter);
          await client.call(delivery.fetchWait, params, { timeoutMs: waitMs + 5_000, signal });
        });
      })
    );
    const publishing = again(signal, async () => {
      if (shared) await publishTo(await writing.as(devices[0]), shared, 1);
      await pause(publishEveryMs);
    });
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    for (const line of [...lines, writing]) await line.close();
    await Promise.allSettled([...waiting, publishing]);
  },
};

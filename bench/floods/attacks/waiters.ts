/** One device opens 1,000 waits for a quiet channel, while another one of the attacker publishes where it is a member. */

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
const againMs = 100;
const publishEveryMs = 40;

/** Calls on a connection that is made anew when it ends. */
class Line {
  readonly #target: Target;
  #connection: Promise<Connection> | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  async as(device: TestDevice): Promise<RpcClient> {
    this.#connection ??= connect(this.#target.core, this.#target.coreCertificate).then((connection) => {
      void connection.conn.closed.catch(() => {}).then(() => this.#connection = undefined);
      return connection;
    });
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

export const attack: Attack = {
  what: "one device waits 1,000 times for a quiet channel (`fetchWait`), and others write to it",
  async run(target, signal) {
    const [waiter, writer] = target.devices;
    const lines = Array.from({ length: waits / waitsPerConnection }, () => new Line(target));
    const writing = new Line(target);
    const client = () => writing.as(writer);
    const channelId = await atLast(signal, async () => {
      const [own, theirs] = [await client(), await writing.as(waiter)];
      return await makeChannel((device) => device === writer ? own : theirs, [writer, waiter]);
    });
    const quiet = crypto.getRandomValues(new Uint8Array(32));
    const { recipientKey } = waiter;
    const params = { recipientKey, channelId: quiet, after: 0, limit: 1, timeoutMs: waitMs };
    const waiting = lines.flatMap((line) =>
      Array.from({ length: waitsPerConnection }, () =>
        again(signal, async () => {
          const timeoutMs = waitMs + 5_000;
          await (await line.as(waiter)).call(delivery.fetchWait, params, { timeoutMs, signal });
        }))
    );
    const publishing = again(signal, async () => {
      await publishTo(await client(), channelId!, 1);
      await pause(publishEveryMs);
    });
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const line of [...lines, writing]) await line.close();
    await Promise.allSettled([...waiting, publishing]);
  },
};

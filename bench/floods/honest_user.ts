/** An honest user beside an attack: writes messages through the gateway and loads the page, and times both. */

import { openSession } from "../../gateway/testing/http3_client.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { makeChannel, publishTo } from "../../server-core/testing/delivery_service.ts";
import type { TestDevice } from "../../server-core/testing/seed.ts";
import type { Target } from "./attack.ts";

/** A call that takes longer counts as failed, after this many ms. */
const patienceMs = 5_000;
const messageEveryMs = 25;
const pageEveryMs = 100;

/** Times in ms; what failed counts as {@link patienceMs}. */
export interface Samples {
  messages: number[];
  pages: number[];
  failed: number;
}

export const noSamples = (): Samples => ({ messages: [], pages: [], failed: 0 });

/** Writes into a channel of its own and of the others that are named. */
export class HonestUser {
  readonly #target: Target;
  readonly #device: TestDevice;
  #session: Promise<Awaited<ReturnType<typeof openSession>>> | undefined;
  #channelId: Uint8Array<ArrayBuffer> | undefined;

  constructor(target: Target, device: TestDevice) {
    this.#target = target;
    this.#device = device;
  }

  /** Makes the channel. @param members the user's device first */
  async begin(members: TestDevice[]): Promise<void> {
    this.#channelId = await makeChannel((device) => this.#client(device), members);
  }

  /** Acts as a user for `forMs`, and adds what it measures. */
  async act(forMs: number, samples: Samples): Promise<void> {
    const untilMs = performance.now() + forMs;
    const repeat = async (everyMs: number, times: number[], once: () => Promise<unknown>) => {
      while (performance.now() < untilMs) {
        const startMs = performance.now();
        if (await inTime(once())) times.push(performance.now() - startMs);
        else {
          times.push(patienceMs);
          samples.failed++;
        }
        await pause(everyMs);
      }
    };
    await Promise.all([
      repeat(messageEveryMs, samples.messages, () => this.#write()),
      repeat(pageEveryMs, samples.pages, () => this.#loadPage()),
    ]);
  }

  async #write(): Promise<void> {
    try {
      await publishTo(this.#client(this.#device), this.#channelId!, 1);
    } catch (error) {
      // As a page does: a connection that fails is replaced.
      this.#session = undefined;
      throw error;
    }
  }

  #client(device: TestDevice): RpcClient {
    return new RpcClient(async () => {
      const { httpPort, webTransportPort: port, gatewayCertificate: certificate } = this.#target;
      const origin = `http://127.0.0.1:${httpPort}`;
      this.#session ??= openSession({ port, certificate, origin });
      const opening = this.#session;
      opening.catch(() => this.#session = undefined);
      return (await opening).openStream();
    }, () => device.auth);
  }

  /** On a connection of its own, as a first visit. */
  async #loadPage(): Promise<void> {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    const init: RequestInit & { client: Deno.HttpClient } = { client };
    const response = await fetch(`http://127.0.0.1:${this.#target.httpPort}/`, init);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
  }
}

async function inTime(work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), patienceMs));
  try {
    return await Promise.race([work.then(() => true, () => false), late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

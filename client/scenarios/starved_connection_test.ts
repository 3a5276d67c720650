/**
 * A browser whose WebTransport never gives the peer new flow-control credit (Safari 26.4): after so many
 * bytes nothing moves any more, and no error says so.
 */

import assert from "node:assert/strict";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { BrowserTransport } from "../connection/browser_transport.ts";
import type { Clock } from "../runtime/clock.ts";
import { VolatileNetworkMemory } from "../connection/network_memory.ts";
import type { Connection, Transport } from "../connection/transport.ts";
import type { WebTransportClass } from "../connection/webtransport/webtransport.ts";
import { suite } from "../testing/person.ts";

/** What the server may send in all before the browser's credit is used up. */
const creditBytes = 24 * 1024;

/** A stall is waited for; here ten times shorter. */
const hastyClock: Clock = {
  now: () => performance.now() * 10,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs / 10);
    return () => clearTimeout(timer);
  },
};

/** @param opens whether a session whose credit is used up still opens streams, which give nothing */
function starvedBrowser(core: Transport, opens: boolean) {
  const seen = { sessions: 0, starved: 0 };
  const memory = new VolatileNetworkMemory();

  class StarvingWebTransport {
    readonly ready: Promise<void>;
    readonly closed: Promise<unknown>;
    readonly #over = Promise.withResolvers<unknown>();
    readonly #connection: Promise<Connection>;
    #credit = creditBytes;

    constructor() {
      seen.sessions++;
      this.#connection = core.connect(new AbortController().signal);
      this.ready = this.#connection.then(() => {});
      this.closed = this.#over.promise;
      void this.#connection.then(({ closed }) => closed.then(this.#over.resolve), () => {});
    }

    close(): void {
      void this.#connection.then((connection) => connection.close());
    }

    async createBidirectionalStream(): Promise<ByteStream> {
      if (this.#credit <= 0 && !opens) return await new Promise(() => {});
      const { readable, writable } = await (await this.#connection).openStream();
      const given = new TransformStream<Uint8Array, Uint8Array>({
        transform: async (bytes, controller) => {
          if ((this.#credit -= bytes.length) <= 0) {
            seen.starved++;
            await new Promise(() => {});
          }
          controller.enqueue(bytes);
        },
      });
      return { readable: readable.pipeThrough(given), writable };
    }
  }

  const overHttps = (): Connection => {
    const connecting = core.connect(new AbortController().signal);
    const over = Promise.withResolvers<{ reason: string }>();
    void connecting.then(({ closed }) => closed.then(over.resolve), (error) => over.resolve({ reason: String(error) }));
    return {
      transport: "HTTPS",
      openStream: async (signal) => await (await connecting).openStream(signal),
      closed: over.promise,
      close: () => void connecting.then((connection) => connection.close()),
    };
  };

  const transport = new BrowserTransport("https://chat.example", {
    WebTransport: StarvingWebTransport as unknown as WebTransportClass,
    clock: hastyClock,
    memory,
    network: () => "home",
    fetchConfig: () =>
      Promise.resolve({ webtransport: { url: "https://chat.example:4433/wt", certificateHashes: [] }, rpc: "/rpc" }),
    connectHttps: overHttps,
  });
  return { transport, seen, memory };
}

const numbered = (who: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${who} ${index} ${"x".repeat(800)}`);

for (const opens of [true, false]) {
  suite(
    `a browser whose WebTransport is never given new credit, and ${
      opens ? "opens streams that give nothing" : "opens no stream any more"
    }`,
    {
      "goes on over HTTPS and remembers it: no message is lost, none comes twice, in either direction": async (
        { join },
      ) => {
        const [anna, bert] = [await join("anna"), await join("bert")];
        const chatId = await anna.engine.startChat([bert.username]);
        await bert.sees(chatId);
        let browser: ReturnType<typeof starvedBrowser> | undefined;
        anna.wrapTransport = (core) => (browser = starvedBrowser(core, opens)).transport;
        await anna.crash();
        await anna.until(async () => (await anna.engine.connection()).transport === "WebTransport", "WebTransport");

        const [fromAnna, fromBert] = [numbered("a", 12), numbered("b", 40)];
        await Promise.all([
          (async () => {
            for (const text of fromAnna) await anna.says(chatId, text);
          })(),
          (async () => {
            for (const text of fromBert) await bert.says(chatId, text);
          })(),
        ]);
        await Promise.all([
          anna.hears(chatId, bert.username, fromBert),
          bert.hears(chatId, anna.username, fromAnna),
          anna.settled(chatId),
        ]);
        assert.ok(browser!.seen.starved > 0, "the credit was used up");
        assert.equal((await anna.engine.connection()).transport, "HTTPS");
        assert.equal((await browser!.memory.load("home"))?.reason, "stalled");
        const { sessions } = browser!.seen;
        anna.disconnect();
        await bert.says(chatId, "over and out");
        await anna.hears(chatId, bert.username, [...fromBert, "over and out"]);
        assert.equal(browser!.seen.sessions, sessions, "WebTransport is not tried again");
        assert.deepEqual([
          (await anna.texts(chatId, bert.username)).length,
          (await bert.texts(chatId, anna.username)).length,
        ], [41, 12]);
      },
    },
  );
}

/** Ten thousand messages that waited for one device, on a core that is a process of its own, over QUIC. */

import assert from "node:assert/strict";
import { QuicTransport } from "../../cli/transport/quic.ts";
import { fromHex, toHex } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { decodeCall } from "../../schema/rpc/calls_and_returns.ts";
import { delivery, type Entry, EntryKind, findMethod } from "../../schema/rpc/methods.ts";
import { startProcess, withTempDir } from "../../server-core/testing/quic.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import type { Connection, Transport } from "../connection/transport.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { MovableTime } from "../testing/movable_time.ts";
import { outsider } from "../testing/outsider.ts";
import { Person, type PersonCore } from "../testing/person.ts";

const messages = 10_000;
/**
 * What the receiving engine may have taken from the network without having written it: an element of the
 * subscription, and what its stream holds.
 */
const maxUnwrittenBytes = 1024 * 1024;
/** Calls of the sender under way at once, each on its own stream: the core decides their order. */
const atOnce = 64;

/** Counts the bytes of `subscribe` that the engine takes. */
class Intake {
  bytes = 0;
  onBytes = () => {};

  readonly wrap = (transport: Transport): Transport => ({
    connect: async (signal) => {
      const connection = await transport.connect(signal);
      const counted: Connection = {
        transport: connection.transport,
        closed: connection.closed,
        close: () => connection.close(),
        openStream: async (own) => this.#count(await connection.openStream(own)),
      };
      return counted;
    },
  });

  #count({ readable, writable }: ByteStream): ByteStream {
    let method: string | undefined;
    const sent = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        if (method === undefined) {
          const { interfaceId, methodId } = decodeCall(new Uint8Array(piece));
          method = findMethod(interfaceId, methodId)!.name;
        }
        controller.enqueue(piece);
      },
    });
    const taken = new TransformStream<Uint8Array, Uint8Array>(
      {
        transform: (piece, controller) => {
          if (method === delivery.subscribeAs.name) {
            this.bytes += piece.length;
            this.onBytes();
          }
          controller.enqueue(piece);
        },
      },
      undefined,
      { highWaterMark: 0 },
    );
    void sent.readable.pipeTo(writable).catch(() => {});
    return { readable: readable.pipeThrough(taken), writable: sent.writable };
  }
}

Deno.test({
  name: `${
    messages.toLocaleString("en")
  } messages that waited for a device arrive in order, in batches, and with no more of them in memory than a megabyte`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withTempDir(async (dataDir) => {
      const server = await startProcess(dataDir, {
        QPQ_CALLS_PER_ACCOUNT_PER_SECOND: "100000",
        QPQ_CALLS_PER_IP_PER_SECOND: "100000",
      });
      const core: PersonCore = {
        transport: () => new QuicTransport({ ...server.address, serverName: "localhost", trust: { pin: server.pin } }),
        time: new MovableTime(),
      };
      const people: Person[] = [];
      try {
        const [anna, bert] = [await Person.join(core, "anna", 1), await Person.join(core, "bert", 2)];
        people.push(anna, bert);
        const chatId = await anna.engine.startChat([bert.username]);
        await bert.sees(chatId);
        // An invitation keeps a bounded part of them (specification §3.7).
        await bert.engine.acceptInvitation(chatId);
        await bert.engine.close();
        bert.storage = bert.storage.restarted();

        const sender = await takeOver(core, anna, chatId);
        let { state } = sender;
        const texts = Array.from({ length: messages }, (_, index) => `message ${index}`);
        const textOf = new Map<string, string>();
        const atRest = server.residentBytes();
        for (let start = 0; start < messages; start += atOnce) {
          const calls: Promise<unknown>[] = [];
          for (const text of texts.slice(start, start + atOnce)) {
            const messageId = random(16);
            textOf.set(toHex(messageId), text);
            const sealed = await sender.mls.sealMessage(state, {
              messageId,
              content: encodeMimiContent(textKind.write({ text }, random(16))),
            });
            state = sealed.newState;
            calls.push(
              sender.rpc.call(delivery.publish, {
                channelId: fromHex(chatId),
                epoch: Number(state.epoch),
                messageId,
                envelope: sealed.envelope,
                ephemeral: false,
              }),
            );
          }
          await Promise.all(calls);
        }

        const { rpc } = await outsider(core, bert);
        const recipientKey = await bert.recipientKey();
        const queued: Entry[] = [];
        while (true) {
          const { entries } = await rpc.call(delivery.fetch, {
            recipientKey,
            channelId: new Uint8Array(),
            after: queued.at(-1)?.seq ?? 0,
            limit: 200,
          });
          if (entries.length === 0) break;
          queued.push(...entries.filter(({ kind }) => kind !== EntryKind.WELCOME));
        }
        assert.deepEqual(new Set(queued.map(({ kind }) => kind)), new Set([EntryKind.APPLICATION]));
        assert.equal(queued.length, messages);

        const intake = new Intake();
        bert.wrapTransport = intake.wrap;
        const writesBefore = bert.storage.writes;
        let written = 0;
        const samples: { bytes: number; written: number }[] = [];
        intake.onBytes = () => void samples.push({ bytes: intake.bytes, written });
        let peak = 0;
        const write = bert.storage.write.bind(bert.storage);
        bert.storage.write = async (batch) => {
          await write(batch);
          written += batch.puts?.filter(({ store }) => store === "messages").length ?? 0;
          peak = Math.max(peak, server.residentBytes());
        };
        const startedMs = performance.now();
        await bert.start();
        await bert.until(() => written >= messages, `${messages} messages`, 120_000);
        const tookMs = performance.now() - startedMs;
        const received = await bert.texts(chatId, anna.username);
        const wanted = queued.map(({ id }) => textOf.get(toHex(id)));
        const firstWrong = wanted.findIndex((text, index) => received[index] !== text);
        // Not by deepEqual: what it says of two long lists that differ takes minutes and gigabytes.
        assert.deepEqual({ count: received.length, firstWrong, there: received[firstWrong] }, {
          count: messages,
          firstWrong: -1,
          there: undefined,
        }, "all, each once, in the order of the queue");

        const bytesEach = intake.bytes / messages;
        const unwritten = Math.max(...samples.map((sample) => sample.bytes - sample.written * bytesEach));
        assert.ok(unwritten < maxUnwrittenBytes, `${unwritten} bytes taken and not yet written, of ${intake.bytes}`);
        const writes = bert.storage.writes - writesBefore;
        assert.ok(writes < messages / 16, `${writes} writes`);
        const mib = (bytes: number) => Math.round(bytes / 1024 / 1024);
        // Heap that is not collected yet, whatever the number of messages; 120 MiB measured.
        assert.ok(peak - atRest < 256 * 1024 * 1024, `the core grew from ${mib(atRest)} to ${mib(peak)} MiB`);
        console.log(
          `received in ${Math.round(tookMs)} ms: ${intake.bytes} bytes, at most ${
            Math.round(unwritten)
          } unwritten, ${writes} writes; core ${mib(atRest)} MiB before, ${mib(peak)} MiB at most`,
        );
      } finally {
        for (const person of people) await person.close();
        server.kill("SIGKILL");
        await server.status;
      }
    }),
});

/**
 * A person without a browser: the same engine in Deno, straight to the core. Registers, says `ready`, and
 * answers "hello …" in every group with how many are in it.
 */

import type { TimelineItem } from "../../client/api/engine_api.ts";
import { Engine } from "../../client/engine/engine.ts";
import { MemoryStorage } from "../../client/storage/testing/memory.ts";
import { importWrappingKey } from "../../client/storage/sealed_store.ts";
import { QuicTransport } from "../../cli/transport/quic.ts";

const [username, address, certificateFile, password] = Deno.args;
const [hostname, port] = address.split(":");
const answered = new Set<string>();

async function answer(chatId: string, items: TimelineItem[]): Promise<void> {
  for (const item of items) {
    if (item.kind !== "message" || item.own || !item.text.startsWith("hello") || answered.has(item.messageId)) continue;
    answered.add(item.messageId);
    const { members } = (await engine.chats()).find((chat) => chat.chatId === chatId)!;
    await engine.send(chatId, item.messageId, `${username} hears one of ${members.length}`);
  }
}

const engine = await Engine.open({
  storage: new MemoryStorage(),
  wrappingKey: await importWrappingKey(crypto.getRandomValues(new Uint8Array(32))),
  transport: new QuicTransport({
    hostname,
    port: Number(port),
    serverName: "localhost",
    trust: { caCerts: [await Deno.readTextFile(certificateFile)] },
  }),
  listener: (event) => {
    if (event.kind === "timeline") void answer(event.chatId, event.items);
    if (event.kind === "problem") console.log(`problem ${JSON.stringify(event.problem)}`);
  },
});
await engine.createAccount(username, password);
console.log("ready");

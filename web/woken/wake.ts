/**
 * The engine in a service worker, for as long as it takes to empty this device's queue: when no tab has the engine, and
 * something has woken the worker. It writes IndexedDB alone. The index of the search and files wait for the engine of a
 * page (docs/decisions/066-woken-engine.md).
 */

import type { EngineEvent, MessageItem } from "../../client/api/engine_api.ts";
import { BrowserTransport } from "../../client/connection/browser_transport.ts";
import { StoredNetworkMemory } from "../../client/connection/network_memory.ts";
import type { WebTransportClass } from "../../client/connection/webtransport/webtransport.ts";
import { Engine } from "../../client/engine/engine.ts";
import { IndexedDbStorage } from "../../client/storage/indexeddb.ts";
import { lockName } from "../engine/tab_protocol.ts";

/** How long a tab may have the engine before the worker gives up, in ms. A tab that leads tells its user itself. */
const lockMs = 3_000;
/** How long emptying the queue may take, in ms: browsers end a push event after some 30 s. */
const emptyMs = 20_000;

/** What came, as far as a notification may need it. */
export interface Received {
  chatId: string;
  /** Of the chat. */
  title: string;
  sender: string;
  text: string;
}

export type Outcome =
  /** The queue is empty. */
  | { kind: "emptied"; received: Received[] }
  /** Another has the engine, and gets what comes. */
  | { kind: "elsewhere" }
  /** Nobody is signed in here. */
  | { kind: "signed-out" }
  /** Not all could be fetched in time; what was fetched is stored, and the rest waits at the server. */
  | { kind: "unfinished"; received: Received[] };

/** Takes the engine's lock, if no tab has it, and stores what waits at the server. Never two engines at once. */
export async function emptyQueue(): Promise<Outcome> {
  const waited = AbortSignal.timeout(lockMs);
  let isGiven = false;
  const work = () => {
    isGiven = true;
    return emptyWithLock();
  };
  try {
    return await navigator.locks.request(lockName, { signal: waited }, work);
  } catch (error) {
    // What fails with the lock is no word about who has it.
    if (!isGiven && waited.aborted) return { kind: "elsewhere" };
    throw error;
  }
}

async function emptyWithLock(): Promise<Outcome> {
  const came = new Map<string, { chatId: string; item: MessageItem }>();
  const listener = (event: EngineEvent) => {
    if (event.kind !== "timeline") return;
    for (const item of event.items) {
      if (item.kind === "message" && !item.own) came.set(item.messageId, { chatId: event.chatId, item });
    }
  };
  const storage = await IndexedDbStorage.open();
  const { WebTransport } = globalThis as { WebTransport?: WebTransportClass };
  const transport = new BrowserTransport(location.origin, { WebTransport, memory: new StoredNetworkMemory() });
  const engine = await Engine.open({
    storage,
    wrappingKey: await storage.wrappingKey(),
    transport,
    listener,
    sendsReceipts: true,
    isWoken: true,
  });
  try {
    if ((await engine.account()).kind !== "signed-in") return { kind: "signed-out" };
    const isEmpty = await engine.synced(AbortSignal.timeout(emptyMs)).then(() => true, () => false);
    const titles = new Map((await engine.chats()).map(({ chatId, title }) => [chatId, title]));
    const received = [...came.values()].map(({ chatId, item: { sender, text } }) => ({
      chatId,
      title: titles.get(chatId) ?? sender,
      sender,
      text,
    }));
    return { kind: isEmpty ? "emptied" : "unfinished", received };
  } finally {
    await engine.close();
  }
}

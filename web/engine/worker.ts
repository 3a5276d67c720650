/** The engine's Worker: all cryptography, storage and network run here, outside of the thread that draws. */

import "../dom/trusted_types.ts";
import { expose, transfer } from "comlink";
import type { EngineEvent } from "../../client/api/engine_api.ts";
import type { PageSentinel } from "../../client/storage/sentinel.ts";
import type { EmitEvent } from "./engine_methods.ts";
import type { EnginePort } from "./engine_port.ts";
import "./engine_port.ts";
import { openEngine } from "./open_engine.ts";
import { joinTabElection } from "./tab_engine.ts";
import { channelName, type TabChannel, type TabLocks } from "./tab_protocol.ts";

let listener: EmitEvent | undefined;
let attached: (sentinel: PageSentinel) => void;
let isVisible = true;
const early: EngineEvent[] = [];
const page = new Promise<PageSentinel>((resolve) => (attached = resolve));

const seat = joinTabElection({
  locks: navigator.locks as TabLocks | undefined,
  channel: new BroadcastChannel(channelName) as TabChannel,
  openEngine: async (emit) => await openEngine(emit, await page, () => isVisible),
  emit: (event) => (listener ? listener(event) : early.push(event)),
});

const port: EnginePort = {
  async call(method, args) {
    const result = await seat.call(method, args);
    // A piece is made for its caller: it goes over instead of being copied.
    return method === "attachmentPiece" ? transfer(result, [(result as Uint8Array<ArrayBuffer>).buffer]) : result;
  },
  setVisible(visible) {
    isVisible = visible;
    seat.setVisible(visible);
  },
  attach(newListener, sentinel) {
    listener = newListener;
    for (const event of early.splice(0)) listener(event);
    // A comlink proxy is callable and has every property, also "then". So a promise must not resolve with it.
    attached({ get: () => sentinel.get(), set: (text) => sentinel.set(text), remove: () => sentinel.remove() });
  },
};
expose(port);

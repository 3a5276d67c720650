/** The engine's Worker: all cryptography, storage and network happen here, off the thread that draws. */

import "../dom/trusted_types.ts";
import { expose } from "comlink";
import type { EngineEvent } from "../../client/engine/api.ts";
import type { EmitEvent } from "./engine_methods.ts";
import type { EnginePort } from "./engine_port.ts";
import "./engine_port.ts";
import { openEngine } from "./open_engine.ts";
import { channelName, type TabChannel } from "./tab_protocol.ts";
import { takeSeat } from "./tab_engine.ts";

let listener: EmitEvent | undefined;
const early: EngineEvent[] = [];

const seat = takeSeat({
  locks: navigator.locks as typeof navigator.locks | undefined,
  channel: new BroadcastChannel(channelName) as TabChannel,
  openEngine,
  emit: (event) => (listener ? listener(event) : early.push(event)),
});

const port: EnginePort = {
  call: seat.call,
  listen(newListener) {
    listener = newListener;
    for (const event of early.splice(0)) listener(event);
  },
};
expose(port);

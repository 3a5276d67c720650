/**
 * What the tabs of one profile say to each other, on one BroadcastChannel. Same origin, same build; still
 * checked, because an older tab may be open.
 */

import type { EngineEvent } from "../../client/api/engine_api.ts";
import type { EngineProblem } from "../../client/api/errors.ts";
import type { EngineMethod } from "./engine_methods.ts";

export const lockName = "qpq-engine";
export const channelName = "qpq-engine/1";

export type TabMessage =
  /** From the leader: when it starts, and as the answer to "who-leads". `leader` is new with each leader. */
  | { kind: "leading"; leader: string }
  /** From a follower, again and again: a leader that does not answer is frozen or gone. */
  | { kind: "who-leads" }
  | { kind: "call"; id: string; method: EngineMethod; args: unknown[] }
  | { kind: "answer"; id: string; result: unknown }
  | { kind: "refusal"; id: string; problem: EngineProblem }
  | { kind: "event"; event: EngineEvent };

/** The part of BroadcastChannel that is used here. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  addEventListener(type: "message", listener: (event: { data: TabMessage }) => void): void;
  removeEventListener(type: "message", listener: (event: { data: TabMessage }) => void): void;
}

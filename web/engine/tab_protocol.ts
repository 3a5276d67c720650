/**
 * What the tabs of one profile say to each other, on one BroadcastChannel, and the locks that they share. A tab of
 * another build may be open: messages of a kind that a tab does not know are ignored.
 */

import type { EngineEvent } from "../../client/api/engine_api.ts";
import type { EngineProblem } from "../../client/api/errors.ts";
import type { EngineMethod } from "./engine_methods.ts";

/** Its holder runs the engine. */
export const lockName = "qpq-engine";
/** The leader holds it as well. The others wait for it, all at once: that it is given means that nobody leads. */
export const leaderLockName = "qpq-engine-leader";
export const channelName = "qpq-engine/1";

/**
 * The version of what pages and engines say to each other, and of what engines store. Raise it when a page of an older
 * build could do harm with an engine of this one, or the other way round: another meaning of a method of EngineApi, a
 * new method, a new format of the storage. A page uses an engine of its own version only. Builds without a number
 * have 1.
 */
export const engineVersion = 5;

export type TabMessage =
  /** From the leader: when it starts, and as the answer to "who-leads". `leader` is new with each leader. */
  | { kind: "leading"; leader: string; version?: number }
  /**
   * From a follower, again and again: a leader that does not answer is frozen or gone. `visible`: the tab may be
   * offered the lead. Older builds leave the fields out.
   */
  | { kind: "who-leads"; tab?: string; visible?: boolean; version?: number }
  | { kind: "call"; id: string; method: EngineMethod; args: unknown[] }
  | { kind: "answer"; id: string; result: unknown }
  | { kind: "refusal"; id: string; problem: EngineProblem }
  | { kind: "event"; event: EngineEvent }
  /**
   * From a leader: tab `to` may lead, or whoever is given the lock where it is "". Each call that this leader has begun
   * is answered; it begins none any more.
   */
  | { kind: "hand-over"; leader: string; to: string }
  /** From tab `to`: it is next in the queue for the engine's lock. */
  | { kind: "taking-over"; leader: string; tab: string }
  /** From tab `to`: it can not be next. */
  | { kind: "not-taking-over"; leader: string; tab: string };

/** @returns the engine version of who sent the message */
export function versionOf({ version = 1 }: { version?: number }): number {
  return version;
}

/** The part of BroadcastChannel that is used here. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  addEventListener(type: "message", listener: (event: { data: TabMessage }) => void): void;
  removeEventListener(type: "message", listener: (event: { data: TabMessage }) => void): void;
}

export interface LockRequest {
  mode?: "shared";
  /** Gives null in place of the lock when it is not free. */
  ifAvailable?: boolean;
  /** Takes a request back that was not granted yet. */
  signal?: AbortSignal;
}

/** The part of `navigator.locks` that is used here. */
export interface TabLocks {
  /** Holds the lock until `held` is done. */
  request(name: string, options: LockRequest, held: (lock: unknown) => unknown): Promise<unknown>;
  query(): Promise<{ pending?: { name?: string }[] }>;
}

/**
 * A tab without the lock: a full view through the leader. Its calls wait, however long, until a leader has
 * answered them. Nothing is asked of a leader whose version is unknown or another one.
 */

import type { EngineEvent } from "../../client/api/engine_api.ts";
import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { type EmitEvent, type EngineMethod, isRepeatable } from "./engine_methods.ts";
import { type TabChannel, type TabMessage, versionOf } from "./tab_protocol.ts";

/**
 * For so many heartbeats a leader must be of another version before the user is told: tabs that reload for a new
 * version do so one after the other.
 */
const patience = 2;

export interface PendingCall {
  id: string;
  method: EngineMethod;
  args: unknown[];
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface Follower {
  call(method: EngineMethod, args: unknown[]): Promise<unknown>;
  /** Tells the leader how this tab stands, without waiting for the next heartbeat. */
  tell(): void;
  /** Stops following. @returns the calls that have no answer yet, for the leader that this tab now is */
  stop(): PendingCall[];
}

export interface FollowerParts {
  channel: TabChannel;
  /** Where the leader's events go, and "connecting" while the leader does not answer. */
  emit: EmitEvent;
  /** How often the leader is asked for; two unanswered in a row mean that it is frozen or gone. */
  heartbeatMs: number;
  /** This tab's id, and whether it may be offered the lead. */
  presence(): { tab: string; visible: boolean };
  /** of this tab's build */
  version: number;
  /** The next leader is known to have this version. */
  isOurs: boolean;
}

/** Begins to follow whoever leads. */
export function follow({ channel, emit, heartbeatMs, presence, version, ...known }: FollowerParts): Follower {
  const pending = new Map<string, PendingCall>();
  /** The leader, if it has this tab's version. */
  let leader: string | undefined;
  /** Whether what the engine tells is of this tab's version. */
  let { isOurs } = known;
  let isForeign = false;
  /** Heartbeats in a row at which the leader had another version. */
  let foreign = 0;
  let unanswered = 0;
  let silent = false;
  let isStopped = false;

  const ask = ({ id, method, args }: PendingCall) => channel.postMessage({ kind: "call", id, method, args });

  function call(method: EngineMethod, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const one = { id: crypto.randomUUID(), method, args, resolve, reject };
      pending.set(one.id, one);
      if (leader !== undefined) ask(one);
    });
  }

  function onForeign(): void {
    unanswered = 0;
    isOurs = false;
    // The leader before has gone, with what it was asked for half done.
    if (leader !== undefined) giveUpUnknown();
    leader = undefined;
    isForeign = true;
  }

  function tellForeign(): void {
    foreign += 1;
    if (foreign !== patience) return;
    const detail = "the engine of this profile runs in a tab of another version of the app";
    emit({ kind: "problem", problem: { code: LocalCode.otherVersion, detail } });
  }

  function onLeading(id: string): void {
    unanswered = 0;
    foreign = 0;
    isForeign = false;
    isOurs = true;
    if (id !== leader) {
      // The leader before may have died with these half done: the new one is asked again, and sending twice sends once.
      if (leader !== undefined) giveUpUnknown();
      leader = id;
      tell();
      for (const one of pending.values()) ask(one);
    }
    if (!silent) return;
    silent = false;
    void call("connection", []).then((connection) => emit({ kind: "connection", connection } as EngineEvent), () => {});
  }

  /** What may have been done already and must not be done twice. */
  function giveUpUnknown(): void {
    for (const { id, method } of [...pending.values()]) {
      if (!isRepeatable(method)) {
        settle(id, (one) =>
          one.reject(
            new EngineError({
              code: LocalCode.outcomeUnknown,
              detail: `the leading tab went away while it did ${method}`,
            }),
          ));
      }
    }
  }

  function settle(id: string, how: (one: PendingCall) => void): void {
    const one = pending.get(id);
    if (!one) return;
    pending.delete(id);
    how(one);
  }

  const listener = ({ data }: { data: TabMessage }) => {
    if (data.kind === "leading" && versionOf(data) !== version) onForeign();
    else if (data.kind === "leading") onLeading(data.leader);
    // What has no answer now was not begun: the next leader is asked for all of it.
    else if (data.kind === "hand-over" && data.leader === leader) leader = undefined;
    else if (data.kind === "event") isOurs && emit(data.event);
    else if (data.kind === "answer") settle(data.id, (one) => one.resolve(data.result));
    else if (data.kind === "refusal") settle(data.id, (one) => one.reject(new EngineError(data.problem)));
  };

  function tell(): void {
    if (!isStopped) channel.postMessage({ kind: "who-leads", ...presence(), version });
  }

  function heartbeat(): void {
    if (isForeign) tellForeign();
    unanswered += 1;
    tell();
    if (unanswered <= 2 || silent) return;
    silent = true;
    emit({ kind: "connection", connection: { kind: "connecting" } });
  }

  channel.addEventListener("message", listener);
  heartbeat();
  const timer = setInterval(heartbeat, heartbeatMs);
  return {
    call,
    tell,
    stop() {
      isStopped = true;
      clearInterval(timer);
      channel.removeEventListener("message", listener);
      if (leader !== undefined) giveUpUnknown();
      return [...pending.values()];
    },
  };
}

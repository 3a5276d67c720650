/**
 * A tab without the lock: a full view through the leader. Its calls wait, however long, until a leader has
 * answered them.
 */

import type { EngineEvent } from "../../client/api/engine_api.ts";
import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { type EmitEvent, type EngineMethod, isRepeatable } from "./engine_methods.ts";
import type { TabChannel, TabMessage } from "./tab_protocol.ts";

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

/**
 * @param emit where the leader's events go, and "connecting" while the leader does not answer
 * @param heartbeatMs how often the leader is asked for; two unanswered in a row mean that it is frozen or gone
 * @param presence this tab's id, and whether it may be offered the lead
 */
export function follow(
  channel: TabChannel,
  emit: EmitEvent,
  heartbeatMs: number,
  presence: () => { tab: string; visible: boolean },
): Follower {
  const pending = new Map<string, PendingCall>();
  let leader: string | undefined;
  let unanswered = 0;
  let silent = false;
  let isStopped = false;

  const ask = ({ id, method, args }: PendingCall) => channel.postMessage({ kind: "call", id, method, args });

  function call(method: EngineMethod, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const one = { id: crypto.randomUUID(), method, args, resolve, reject };
      pending.set(one.id, one);
      ask(one);
    });
  }

  function onLeading(id: string): void {
    unanswered = 0;
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
    if (data.kind === "leading") onLeading(data.leader);
    // What has no answer now was not begun: the next leader is asked for all of it.
    else if (data.kind === "hand-over" && data.leader === leader) leader = undefined;
    else if (data.kind === "event") emit(data.event);
    else if (data.kind === "answer") settle(data.id, (one) => one.resolve(data.result));
    else if (data.kind === "refusal") settle(data.id, (one) => one.reject(new EngineError(data.problem)));
  };

  function tell(): void {
    if (!isStopped) channel.postMessage({ kind: "who-leads", ...presence() });
  }

  function heartbeat(): void {
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

/**
 * This tab's seat: exactly one tab of a profile leads and runs the engine, the others follow it
 * (specification §6.3). Web Locks decides; the lock is queued for, held for as long as the tab lives, and
 * never stolen. Without Web Locks nobody leads.
 */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import type { EmitEvent, EngineMethod, OpenEngine } from "./engine_methods.ts";
import { problemOf } from "./engine_problem.ts";
import { follow } from "./follower.ts";
import { lead, type Leader } from "./leader.ts";
import { lockName, type TabChannel } from "./tab_protocol.ts";

export interface TabLocks {
  request(name: string, held: () => Promise<unknown>): Promise<unknown>;
}

export interface TabEngineParts {
  /** navigator.locks, or undefined where the browser has none */
  locks: TabLocks | undefined;
  channel: TabChannel;
  /** Opens storage, transport and engine; called only with the lock held. */
  openEngine(emit: EmitEvent): Promise<OpenEngine>;
  /** This tab's own page. */
  emit: EmitEvent;
  heartbeatMs?: number;
}

export interface TabEngine {
  /** @throws EngineError */
  call(method: EngineMethod, args: unknown[]): Promise<unknown>;
}

const never = new Promise<never>(() => {});

/** Takes a seat: follows at once, leads as soon as the lock is given. */
export function joinTabElection({ locks, channel, openEngine, emit, heartbeatMs = 3000 }: TabEngineParts): TabEngine {
  if (!locks) {
    const problem = { code: LocalCode.noWebLocks, detail: "navigator.locks is missing" };
    return { call: () => Promise.reject(new EngineError(problem)) };
  }
  const emitToAll: EmitEvent = (event) => {
    emit(event);
    channel.postMessage({ kind: "event", event });
  };
  const follower = follow(channel, emit, heartbeatMs);
  let call: TabEngine["call"] = follower.call;

  /** An engine that can not be opened still answers: with the reason, to every tab, until this one is closed. */
  async function engineOrReason(): Promise<OpenEngine> {
    try {
      return await openEngine(emitToAll);
    } catch (error) {
      const problem = problemOf(error);
      emitToAll({ kind: "problem", problem });
      const refuse = () => Promise.reject(new EngineError(problem));
      return { api: new Proxy({} as OpenEngine["api"], { get: () => refuse }) };
    }
  }

  async function holdSeat(): Promise<never> {
    const engine = await engineOrReason();
    const waiting = follower.stop();
    const leader: Leader = lead(engine, channel, crypto.randomUUID(), emitToAll);
    call = leader.call;
    for (const { method, args, resolve, reject } of waiting) leader.call(method, args).then(resolve, reject);
    await leader.announce().catch(() => {});
    return await never;
  }

  locks.request(lockName, holdSeat).catch((error) => emit({ kind: "problem", problem: problemOf(error) }));
  return {
    call: (method, args) =>
      call(method, args).catch((error) => {
        throw new EngineError(problemOf(error));
      }),
  };
}

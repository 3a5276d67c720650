/**
 * This tab's seat: exactly one tab of a profile leads and runs the engine, the others follow it
 * (specification §6.3). Web Locks decides; the lock is never stolen. A leader in a hidden tab passes it to a
 * visible one. Without Web Locks nobody leads.
 */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import { type Clock, pause, systemClock } from "../../client/runtime/clock.ts";
import type { EmitEvent, EngineMethod, OpenEngine } from "./engine_methods.ts";
import { problemOf } from "./engine_problem.ts";
import { follow, type Follower } from "./follower.ts";
import { type HandOver, offerHandOver, takeHandOvers } from "./hand_over.ts";
import { lead, type Leader } from "./leader.ts";
import {
  engineVersion,
  leaderLockName,
  lockName,
  type LockRequest,
  type TabChannel,
  type TabLocks,
} from "./tab_protocol.ts";
import { trackVisibility } from "./visibility.ts";

/** Pause before the next try when nobody seems to lead and the lock is taken all the same, in ms. */
const tryAgainMs = 500;
/** Longest wait for an engine to close, in ms. The fence keeps one that is not closed from writing. */
export const closeMs = 5000;

export interface TabEngineParts {
  /** navigator.locks, or undefined where the browser has none */
  locks: TabLocks | undefined;
  channel: TabChannel;
  /** Opens storage, transport and engine; called only with the lock held. */
  openEngine(emit: EmitEvent): Promise<OpenEngine>;
  /** This tab's own page. */
  emit: EmitEvent;
  heartbeatMs?: number;
  clock?: Pick<Clock, "after">;
  /** of this tab's build */
  version?: number;
}

export interface TabEngine {
  /** @throws EngineError */
  call(method: EngineMethod, args: unknown[]): Promise<unknown>;
  /** Whether the tab's page is visible, at the start and with each change. */
  setVisible(isVisible: boolean): void;
}

/** Takes a seat: follows at once, leads as soon as the lock is given. */
export function joinTabElection(
  { locks, channel, openEngine, emit, heartbeatMs = 3000, clock = systemClock, version = engineVersion }:
    TabEngineParts,
): TabEngine {
  if (!locks) {
    const problem = { code: LocalCode.noWebLocks, detail: "navigator.locks is missing" };
    return { call: () => Promise.reject(new EngineError(problem)), setVisible() {} };
  }
  const tab = crypto.randomUUID();
  const forever = new AbortController().signal;
  const emitToAll: EmitEvent = (event) => {
    emit(event);
    channel.postMessage({ kind: "event", event });
  };
  const visibility = trackVisibility(clock, () => {
    follower.tell();
    handOver?.look();
  });
  let follower: Follower;
  let handOver: HandOver | undefined;
  let call: TabEngine["call"];
  /** A tab of a newer version wants the engine: this tab does not lead any more. */
  let isOutdated = false;

  /** @param isOurs the next leader has this tab's version */
  function startFollowing(isOurs: boolean): void {
    const presence = () => ({ tab, visible: visibility.isVisible() });
    follower = follow({ channel, emit, heartbeatMs, presence, version, isOurs });
    call = follower.call;
  }

  function startLeading(leader: Leader): void {
    const waiting = follower.stop();
    call = leader.call;
    for (const { method, args, resolve, reject } of waiting) leader.call(method, args).then(resolve, reject);
  }

  /** An engine that can not be opened still answers: with the reason, to every tab, until this one is closed. */
  async function engineOrReason(emitToAll: EmitEvent): Promise<OpenEngine> {
    try {
      return await openEngine(emitToAll);
    } catch (error) {
      const problem = problemOf(error);
      emitToAll({ kind: "problem", problem });
      const refuse = () => Promise.reject(new EngineError(problem));
      return {
        api: new Proxy({} as OpenEngine["api"], { get: () => refuse }),
        close: () => Promise.resolve(),
      };
    }
  }

  /** Leads until another tab takes over, or one of a newer version asks and no call runs. */
  async function holdSeat(): Promise<void> {
    // What the leader before was busy with has ended with it.
    emitToAll({ kind: "progress", progress: undefined });
    // An engine that is not closed in time finds that another has its profile. That one's word counts by then.
    let isLeading = true;
    const engine = await engineOrReason((event) => isLeading && emitToAll(event));
    const leaderId = crypto.randomUUID();
    const outdated = Promise.withResolvers<void>();
    const stepDown = () => {
      isOutdated = true;
      if (!leader.pause()) return;
      startFollowing(false);
      channel.postMessage({ kind: "hand-over", leader: leaderId, to: "" });
      outdated.resolve();
    };
    const idle = () => isOutdated ? stepDown() : handOver?.look();
    const leader = lead({ engine, channel, leader: leaderId, emit: emitToAll, idle, outdated: stepDown, version });
    const offers = handOver = offerHandOver({
      channel,
      leaderId,
      version,
      leader,
      isHidden: visibility.isHidden,
      isSignedIn: async () => (await engine.api.account()).kind === "signed-in",
      clock,
      paused: () => startFollowing(true),
      resumed: () => startLeading(leader),
    });
    startLeading(leader);
    await leader.announce().catch(() => {});
    await Promise.race([offers.accepted, outdated.promise]);
    handOver = undefined;
    leader.stop();
    await Promise.race([engine.close().catch(() => {}), pause(clock, closeMs, forever)]);
    isLeading = false;
  }

  /** Asks for the engine's lock and leads with it. */
  async function takeSeat(options: LockRequest): Promise<void> {
    const over = Promise.withResolvers<void>();
    const isOver = new AbortController();
    try {
      await locks!.request(lockName, options, async (lock) => {
        if (!lock) return;
        void locks!.request(leaderLockName, { signal: isOver.signal }, () => over.promise).catch(() => {});
        await holdSeat();
      });
    } finally {
      // After the engine's lock: whoever is given this one finds the other with the tab that took over.
      isOver.abort();
      over.resolve();
    }
  }

  /** Waits until nobody leads, behind no other tab: one that is frozen holds nobody up. The first to ask leads. */
  async function waitForSeat(): Promise<void> {
    while (!isOutdated) {
      await locks!.request(leaderLockName, { mode: "shared" }, () => {});
      await takeSeat({ ifAvailable: true });
      await pause(clock, tryAgainMs, forever);
    }
  }

  const report = (error: unknown) => emit({ kind: "problem", problem: problemOf(error) });
  startFollowing(false);
  takeHandOvers({
    channel,
    tab,
    locks,
    isVisible: visibility.isVisible,
    takeSeat: (withdrawn) => void takeSeat({ signal: withdrawn }).catch((error) => withdrawn.aborted || report(error)),
  });
  waitForSeat().catch(report);
  return {
    call: (method, args) =>
      call(method, args).catch((error) => {
        throw new EngineError(problemOf(error));
      }),
    setVisible: visibility.set,
  };
}

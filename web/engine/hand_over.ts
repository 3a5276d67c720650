/**
 * How a leader in a hidden tab passes the lead to a follower in a visible one. Browsers slow hidden tabs down, to one
 * wake-up a minute after five minutes, and every tab would wait for such a leader.
 *
 * The leader offers the lead at a moment when no call runs. The follower asks for the engine's lock and answers
 * once it is next in the queue. Only then the leader closes its engine and lets go of the lock.
 */

import type { Clock } from "../../client/runtime/clock.ts";
import type { Leader } from "./leader.ts";
import { lockName, type TabChannel, type TabLocks, type TabMessage, versionOf } from "./tab_protocol.ts";

/** Longest wait for a follower's answer, in ms. Calls wait meanwhile; then the leader goes on. */
export const offerMs = 2000;
/** Pause before a tab is offered the lead again that did not take it, in ms. */
export const offerAgainMs = 30_000;

export interface OfferParts {
  channel: TabChannel;
  leaderId: string;
  /** Tabs of another one are not offered the lead. */
  version: number;
  leader: Pick<Leader, "pause" | "resume">;
  isHidden(): boolean;
  /** Without an account nothing is passed on: somebody may be signing in. */
  isSignedIn(): Promise<boolean>;
  clock: Pick<Clock, "after">;
  /** The leader takes on no more calls. */
  paused(): void;
  /** The offer was not taken: the leader goes on. */
  resumed(): void;
}

export interface HandOver {
  /** Offers the lead, if this tab is hidden, a follower is visible and no call runs. */
  look(): void;
  /** Resolves when a follower is next in the queue for the engine's lock. From then on there is no way back. */
  readonly accepted: Promise<void>;
}

/** The leader's side. */
export function offerHandOver(parts: OfferParts): HandOver {
  const { channel, leaderId, version, leader, isHidden, isSignedIn, clock, paused, resumed } = parts;
  const visible = new Set<string>();
  const declined = new Set<string>();
  const accepted = Promise.withResolvers<void>();
  let offeredTo: string | undefined;
  let cancelTimer = () => {};

  const candidate = () => isHidden() ? [...visible].find((tab) => !declined.has(tab)) : undefined;

  async function look(): Promise<void> {
    if (offeredTo !== undefined || candidate() === undefined) return;
    if (!await isSignedIn().catch(() => false)) return;
    const to = candidate();
    // A call that began meanwhile is answered first; its end brings the next look.
    if (offeredTo !== undefined || to === undefined || !leader.pause()) return;
    offeredTo = to;
    paused();
    channel.postMessage({ kind: "hand-over", leader: leaderId, to });
    cancelTimer = clock.after(offerMs, () => takeBack(to));
  }

  function takeBack(tab: string): void {
    offeredTo = undefined;
    cancelTimer();
    // It comes back with its next heartbeat, unless it is gone.
    visible.delete(tab);
    declined.add(tab);
    clock.after(offerAgainMs, () => declined.delete(tab));
    resumed();
    leader.resume();
  }

  function accept(): void {
    cancelTimer();
    channel.removeEventListener("message", onMessage);
    accepted.resolve();
  }

  function onMessage({ data }: { data: TabMessage }): void {
    if (data.kind === "who-leads" && data.tab !== undefined) {
      if (data.visible && versionOf(data) === version) visible.add(data.tab);
      else visible.delete(data.tab);
      void look();
    } else if (data.kind === "taking-over" || data.kind === "not-taking-over") {
      if (data.leader !== leaderId || data.tab !== offeredTo) return;
      if (data.kind === "taking-over") accept();
      else takeBack(data.tab);
    }
  }

  channel.addEventListener("message", onMessage);
  return { look: () => void look(), accepted: accepted.promise };
}

export interface TakeParts {
  channel: TabChannel;
  /** This tab's id. */
  tab: string;
  locks: TabLocks;
  isVisible(): boolean;
  /** Asks for the engine's lock and leads with it; before it is given, the signal takes the request back. */
  takeSeat(withdrawn: AbortSignal): void;
}

/** The follower's side, for as long as the tab lives. */
export function takeHandOvers({ channel, tab, locks, isVisible, takeSeat }: TakeParts): void {
  let request: AbortController | undefined;

  async function take(leader: string): Promise<void> {
    const decline = () => channel.postMessage({ kind: "not-taking-over", leader, tab });
    if (!isVisible()) return decline();
    request = new AbortController();
    takeSeat(request.signal);
    const { pending = [] } = await locks.query();
    // Tabs of this build queue for this lock when they are asked to, those of an older build always, hidden or not.
    if (pending.filter(({ name }) => name === lockName).length > 1) decline();
    else channel.postMessage({ kind: "taking-over", leader, tab });
  }

  channel.addEventListener("message", ({ data }) => {
    if (data.kind === "hand-over" && data.to === tab) void take(data.leader);
    // The leader goes on: the offer was declined or taken back.
    else if (data.kind === "leading") request?.abort();
  });
}

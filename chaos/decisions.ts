/** What happens in a run, drawn from its seed: the same seed draws the same rounds. */

import { testEnvironment } from "../client/testing/test_environment.ts";

/** What can be killed. "tab" is the process that draws a page, "browser" the whole of it with its storage. */
export const victims = ["core", "gateway", "receiver", "sender", "client", "tab", "browser"] as const;
export type Victim = typeof victims[number];

/** What the network does beside a kill: nothing passes; another source port; packets are lost and overtaken. */
export type Weather = { kind: "blackout" | "rebind" | "loss"; where: "page" | "shell" | "both"; forMs: number };

/** Who writes all the time, and may rename the group. */
const talkers = ["alice", "bob"] as const;
export type Talker = typeof talkers[number];

export interface Round {
  victim: Victim;
  /** Which of several, where there are several: from 0 to 1. */
  which: number;
  weather?: Weather;
  /** Who renames the group: its epoch changes. */
  renames?: Talker;
  /** Who writes very much at once, before the kill or while the victim is away. */
  burst?: { who: Talker; when: "before" | "away" };
  /** From the weather's begin to the kill. */
  leadMs: number;
  /** From the kill to the restart. */
  downMs: number;
  /** The next round begins after this time, whether or not everybody is back: cuts in mid-drain. Else it waits. */
  cutAfterMs?: number;
  /** The next round begins when this one's writer was told that so many messages are sent: the drain has begun. */
  cutAfterSent?: number;
  /** From the moment when everybody is back to the next round. */
  restMs: number;
}

/** Longest times. A server that is started again by its supervisor is away for about a second. */
const longestMs = { lead: 600, usual: 1_200, long: 5_000, weather: 4_000, cut: 800, rest: 500 };
const shares = { weather: 0.35, renames: 0.2, burst: 0.12, long: 0.2, cut: 0.35, storm: 0.1 };

/**
 * Draws rounds.
 *
 * @param only what may be killed
 * @param pace times are divided by it
 */
export function* rounds(seed: number, only: readonly Victim[] = victims, pace = 1): Generator<Round, never> {
  const { random } = testEnvironment(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const ms = (longest: number) => below(longest) / pace;
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)];
  while (true) {
    // Every draw is made in every round, so that a change of one share leaves the others as they are.
    const weather: Weather = {
      kind: oneOf(["blackout", "rebind", "loss"]),
      where: oneOf(["page", "shell", "both"]),
      forMs: 200 + ms(longestMs.weather),
    };
    const [writer, renames] = [oneOf(talkers), oneOf(talkers)];
    const [usualMs, longMs, cutAfterMs] = [ms(longestMs.usual), ms(longestMs.long), 50 + ms(longestMs.cut)];
    const round: Round = {
      victim: oneOf(only),
      which: random(),
      ...(random() < shares.weather && { weather }),
      ...(random() < shares.renames && { renames }),
      ...(random() < shares.burst && { burst: { who: writer, when: "before" as const } }),
      leadMs: ms(longestMs.lead),
      downMs: random() < shares.long ? longMs : usualMs,
      ...(random() < shares.cut && { cutAfterMs }),
      restMs: ms(longestMs.rest),
    };
    if (random() < shares.storm) yield* storm(round, writer, only);
    else yield round;
  }
}

/**
 * Somebody without a network writes very much while the others change the epoch, is cut off again before all of it is
 * out, and writes very much again.
 */
function* storm(round: Round, writer: Talker, only: readonly Victim[]): Generator<Round, void> {
  const where = writer === "alice" ? "page" : "shell";
  const other = talkers.find((name) => name !== writer)!;
  const weather: Weather = { kind: "blackout", where, forMs: 1_000 + round.downMs };
  const { victim: first, which, downMs, restMs } = round;
  const before = { who: writer, when: "before" } as const;
  const cutAfterSent = 3 + Math.floor(which * 10);
  yield { victim: first, which, weather, renames: other, burst: before, leadMs: 500, downMs, cutAfterSent, restMs };
  const servers = only.filter((victim) => victim === "core" || victim === "gateway" && writer === "alice");
  const victim = servers[Math.floor(which * servers.length)] ?? first;
  yield { victim, which, burst: { who: writer, when: "away" }, leadMs: 0, downMs: 500, restMs };
}

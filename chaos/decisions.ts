/** What happens in a run, drawn from its seed: the same seed draws the same rounds. */

import { testEnvironment } from "../client/testing/test_environment.ts";

/** What can be killed. "tab" is the process that draws a page, "browser" the whole of it with its storage. */
export const victims = ["core", "gateway", "receiver", "sender", "client", "tab", "browser"] as const;
export type Victim = typeof victims[number];

/** What the network does beside a kill: nothing passes; another source port; packets are lost and overtaken. */
export type Weather = { kind: "blackout" | "rebind" | "loss"; where: "page" | "shell" | "both"; forMs: number };

export interface Round {
  victim: Victim;
  /** Which of several, where there are several: from 0 to 1. */
  which: number;
  weather?: Weather;
  /** A group is renamed: its epoch changes. */
  renames: boolean;
  /** Somebody writes very much at once. */
  burst?: "alice" | "bob";
  /** From the weather's begin to the kill. */
  leadMs: number;
  /** From the kill to the restart. */
  downMs: number;
  /** The next round begins after this time, whether or not everybody is back: cuts in mid-drain. Else it waits. */
  cutAfterMs?: number;
  /** From the moment when everybody is back to the next round. */
  restMs: number;
}

/** Longest times. A server that is started again by its supervisor is away for about a second. */
const longestMs = { lead: 600, usual: 1_200, long: 5_000, blackout: 4_000, cut: 800, rest: 500 };

/** Draws rounds. @param only what may be killed */
export function* rounds(seed: number, only: readonly Victim[] = victims): Generator<Round, never> {
  const { random } = testEnvironment(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)];
  while (true) {
    // Every draw is made in every round, so that a change of one share leaves the others as they are.
    const weather: Weather = {
      kind: oneOf(["blackout", "rebind", "loss"]),
      where: oneOf(["page", "shell", "both"]),
      forMs: 200 + below(longestMs.blackout),
    };
    const draws = [random(), random(), random(), random(), random()];
    const burst = oneOf(["alice", "bob"] as const);
    const cutAfterMs = 50 + below(longestMs.cut);
    const [usualMs, longMs] = [below(longestMs.usual), below(longestMs.long)];
    yield {
      victim: oneOf(only),
      which: random(),
      ...(draws[0] < 0.35 && { weather }),
      renames: draws[1] < 0.2,
      ...(draws[2] < 0.12 && { burst }),
      leadMs: below(longestMs.lead),
      downMs: draws[3] < 0.2 ? longMs : usualMs,
      ...(draws[4] < 0.35 && { cutAfterMs }),
      restMs: below(longestMs.rest),
    };
  }
}

/** The kill loop: traffic, rounds of faults, rest, judgement. */

import { type Round, rounds, type Victim, type Weather } from "./decisions.ts";
import { judge, type Timelines, type Verdict } from "./judge.ts";
import { type LedgerListener, type Name, people } from "./ledger.ts";
import { Recovery, type Sample } from "./recovery.ts";
import { World } from "./world.ts";

export interface ChaosOptions {
  kills: number;
  seed: number;
  only: readonly Victim[];
  /** Drawn times are divided by it. */
  pace: number;
  /** How long a round waits until everybody is back, in ms. */
  waitMs: number;
  /** How long everything may take to arrive at the end, in ms. */
  patienceMs: number;
  folder: string;
  /** Ends the run, with all of its processes. */
  signal: AbortSignal;
  /** A line for the reader. */
  say: (line: string) => void;
  log: (who: string, line: string) => void;
}

export interface ChaosResult extends Verdict {
  samples: Sample[];
  cutShort: Sample[];
  kills: Record<string, number>;
  said: number;
  sent: number;
  tookMs: number;
}

/** Between two messages of one person, and how many a burst has: more than receivers keep keys for (32). */
const pauseMs = 400;
const burstOf = 40;

/** Who is cut off by the death of each. */
const affected: Record<Victim, readonly Name[]> = {
  core: people,
  gateway: ["alice"],
  receiver: ["carol"],
  sender: ["dave"],
  client: ["bob"],
  tab: ["alice"],
  browser: ["alice"],
};
const behind: Record<Weather["where"], readonly Name[]> = {
  page: ["alice"],
  shell: ["bob", "carol", "dave"],
  both: people,
};

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { folder, seed, log, say } = options;
  const startedMs = performance.now();
  const recovery = new Recovery(undefined, ({ who, way, ms, sinceFaultMs, after, unfinished }) => {
    const times = `${unfinished ? "more than " : ""}${seconds(ms)}, ${seconds(sinceFaultMs)} since the fault`;
    const line = `slow: ${who} ${way} ${times}: ${after}`;
    say(`      ${line}`);
    log("chaos", line);
  });
  const world = await World.make({ folder, seed, listener: logged(recovery, log), log });
  const interrupted = new Promise<never>((_, reject) => {
    options.signal.addEventListener("abort", () => reject(options.signal.reason), { once: true });
  });
  try {
    const { kills, verdict } = await Promise.race([interrupted, run(world, recovery, options)]);
    const { count: said, sent } = world.ledger;
    const { samples, cutShort } = recovery;
    return { ...verdict, samples, cutShort, kills, said, sent: sent.size, tookMs: performance.now() - startedMs };
  } finally {
    await world.end();
  }
}

async function run(world: World, recovery: Recovery, options: ChaosOptions) {
  const over = new AbortController();
  const traffic = [
    talk(world, "alice", over.signal),
    talk(world, "bob", over.signal),
    world.receiver.follow(over.signal),
    world.sender.send(world.chatIds.four, over.signal),
  ];
  await sleep(2 * pauseMs);
  const kills: Record<string, number> = {};
  const drawn = rounds(options.seed, options.only, options.pace);
  for (let index = 1; index <= options.kills; index++) {
    const round = drawn.next().value;
    kills[round.victim] = (kills[round.victim] ?? 0) + 1;
    await play(world, recovery, round, index, options);
  }
  await until(() => recovery.waiting().length === 0, options.waitMs);
  over.abort();
  await world.receiver.kill();
  await Promise.all(traffic);
  return { kills, verdict: await settle(world, options) };
}

function logged(recovery: Recovery, log: ChaosOptions["log"]): LedgerListener {
  return {
    sent(from, text) {
      log(from, `sent ${text}`);
      recovery.sent(from);
    },
    failed(from, text) {
      log(from, `failed ${text}`);
    },
    heard(by, text) {
      log(by, `heard ${text}`);
      recovery.heard(by);
    },
  };
}

/** Says something in both chats in turns. */
async function talk(world: World, name: "alice" | "bob", signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const chat of ["pair", "four"] as const) {
      // A message does not wait for the one before it, as a person does not.
      void world.say(name, chat);
      await sleep(pauseMs);
    }
  }
}

async function play(
  world: World,
  recovery: Recovery,
  round: Round,
  index: number,
  { log, say, waitMs }: ChaosOptions,
): Promise<void> {
  const { victim, weather } = round;
  const what = [
    `${String(index).padStart(5)} ${victim.padEnd(8)} down ${seconds(round.downMs)}`,
    weather && `${weather.kind} ${weather.where}${weather.kind === "rebind" ? "" : ` ${seconds(weather.forMs)}`}`,
    round.renames && `rename ${round.renames}`,
    round.burst && `burst ${round.burst.who}`,
  ].filter(Boolean).join(", ");
  log("chaos", what);
  const clear = weather && makeWeather(world, recovery, weather);
  if (round.renames) world.rename(round.renames, `four ${index}`);
  const burst = (when: "before" | "away") => {
    if (round.burst?.when !== when) return;
    for (let count = 0; count < burstOf; count++) void world.say(round.burst.who, "four");
  };
  burst("before");
  await sleep(round.leadMs);
  const who = affected[victim];
  recovery.begin(who, weather ? `${victim}, ${weather.kind}` : victim);
  const restart = await kill(world, victim, round.which);
  burst("away");
  await sleep(round.downMs);
  await restart();
  recovery.end(who);
  const restartedMs = performance.now();
  if (round.cutAfterMs !== undefined) {
    await sleep(round.cutAfterMs);
    await clear;
    return say(`${what}; cut again`);
  }
  await clear;
  const { cutAfterSent, burst: { who: writer } = { who: "alice" } } = round;
  if (cutAfterSent !== undefined) {
    const enough = world.ledger.sentBy(writer) + cutAfterSent;
    await until(() => world.ledger.sentBy(writer) >= enough, waitMs);
    return say(`${what}; cut again after ${cutAfterSent} messages`);
  }
  const isBack = await until(() => recovery.waiting().length === 0, waitMs);
  const back = isBack ? seconds(performance.now() - restartedMs) : `not yet: ${recovery.waiting().join(", ")}`;
  say(`${what}; back ${back}`);
  log("chaos", `back ${back}`);
  await sleep(round.restMs);
}

/** Resolves when the weather is over. */
async function makeWeather(world: World, recovery: Recovery, weather: Weather): Promise<void> {
  const who = behind[weather.where];
  recovery.begin(who, weather.kind);
  world.servers.weather(weather);
  if (weather.kind !== "rebind") await sleep(weather.forMs);
  world.servers.clear();
  recovery.end(who);
}

/** @returns what starts it again */
async function kill(world: World, victim: Victim, which: number): Promise<() => Promise<void> | void> {
  switch (victim) {
    case "core":
    case "gateway":
      await world.servers.kill(victim);
      return () => world.servers.restart(victim);
    case "receiver":
      await world.receiver.kill();
      return () => world.receiver.restart();
    case "sender":
      await world.sender.kill();
      return () => world.sender.restart();
    case "client":
      await world.killClient();
      return () => world.restartClient();
    case "browser":
      await world.browser.kill();
      return () => world.browser.relaunch();
    case "tab": {
      const crashed = await world.browser.killTab(which);
      return async () => {
        for (const index of crashed) await world.browser.openTab(index);
      };
    }
  }
}

/** Waits until everybody has everything, then judges. */
async function settle(world: World, { patienceMs, say, log }: ChaosOptions): Promise<Verdict> {
  const deadline = performance.now() + patienceMs;
  say("      everything is up; waiting until all has arrived");
  while (true) {
    const verdict = await look(world).catch((error) => log("chaos", `not at rest: ${error.message}`));
    const isLate = performance.now() > deadline;
    if (verdict) {
      const { lost, doubled, stuck } = verdict;
      log("chaos", `at rest: ${lost.length} lost, ${doubled.length} doubled, ${stuck.length} stuck`);
      if (lost.length + stuck.length === 0 || isLate) return verdict;
    } else if (isLate) throw new Error("no device could be read");
    await sleep(2_000);
  }
}

async function look(world: World): Promise<Verdict> {
  const printed = await world.printed();
  const timelines: Timelines = new Map();
  for (const name of people) timelines.set(name, await world.timelines(name));
  const verdict = judge(world.ledger, timelines, printed);
  for (const text of await world.browser.shownTwice()) verdict.doubled.push(`${text} is shown twice in a tab`);
  return verdict;
}

async function until(look: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!look()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

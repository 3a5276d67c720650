/**
 * The soak: many engines over one core with SQLite add, remove, re-add, renew, rename, change roles, leave
 * and send at random and at once, some offline for long, some dying at a write. In the end all members must
 * be in one epoch with one member list and one transcript, and everything that was accepted must be where it
 * belongs: once, in each sender's order.
 *
 * What a seed repeats: who does what at which step, for how long one stays away, at which write one dies, and
 * every delay that the engines choose. What it does not: keys and other randomness of the cryptography, and
 * how the work of the engines interleaves, which depends on the machine. A fault that depends on a race may
 * need several runs of its seed.
 */

import { toHex } from "../../../schema/bytes.ts";
import { TestCore } from "../core.ts";
import { testEnvironment } from "../test_environment.ts";
import { type Faults, makeFaults } from "./faults.ts";
import { judge } from "./judge.ts";
import { settle } from "./settle.ts";
import { Walker } from "./walker.ts";

export interface SoakOptions {
  clients: number;
  steps: number;
  seed: number;
  /** Lost state, forged commits and a core that goes back in time, too. */
  faults?: boolean;
  /** How long nothing may happen before all is at rest at the end, in ms. */
  patienceMs?: number;
  progress?: (line: string) => void;
}

export interface SoakResult {
  epoch: number;
  members: number;
  accepted: number;
  deliveries: number;
  conflicts: number;
  refusals: Record<string, number>;
  done: Record<string, number>;
  tookMs: number;
  /** What is wrong, as sentences. */
  wrong: string[];
}

/** Of messages in one epoch before a client renews its keys: often enough to meet other commits. */
const renewAfterMessages = 4;
/** With faults, of every second client: its own commit would end the epoch in the middle of what it has written. */
const renewAfterBacklogs = 150;
/** Never removed, demoted or away for good: somebody must be able to do what only an admin may. */
const anchors = 2;
/** Operations under way at once, above which the next step waits. */
const atOnce = 12;
/** Longest pause between two steps, and how long a step waits for others, in ms. */
const pauseMs = 60;
const slotPatienceMs = 400;

const operations: [string, number][] = [
  ["send", 46],
  ["add", 13],
  ["remove", 6],
  ["rename", 6],
  ["role", 6],
  ["leave", 3],
  ["away", 8],
  ["die", 6],
  ["cut", 4],
];
const faultOperations: [string, number][] = [
  ["lose", 3],
  ["forge", 4],
  ["lose-answer", 4],
  ["cut-drain", 3],
  ["restart-core", 1],
  ["backup", 2],
  ["restore", 2],
];

export async function soak(
  { clients, steps, seed, faults = false, patienceMs = 90_000, progress = () => {} }: SoakOptions,
): Promise<SoakResult> {
  const startedMs = Date.now();
  const core = await TestCore.start();
  const { random } = testEnvironment(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const walkers: Walker[] = [];
  try {
    for (let index = 0; index < clients; index++) {
      const renewsOften = !faults || index % 2 === 0;
      const renewAfter = renewsOften ? renewAfterMessages : renewAfterBacklogs;
      walkers.push(await Walker.join(core, index, seed * 1_000 + index, renewAfter, faults));
    }
    const [founder, ...others] = walkers;
    const chatId = await founder.person.engine.startChat(others.map(({ name }) => name), "soak");
    await Promise.all(others.map(({ person }) => person.until(() => person.chat(chatId), "the group", patienceMs)));
    for (const { name } of others.slice(0, anchors - 1)) await founder.person.engine.setRole(chatId, name, "admin");
    progress(`${clients} clients are in the group after ${Date.now() - startedMs} ms`);
    const done: Record<string, number> = {};
    const walk: Walk = { core, walkers, chatId, random, below, faults: makeFaults(core, chatId) };
    const choices = faults ? [...operations, ...faultOperations] : operations;
    for (let step = 0; step < steps; step++) {
      for (const walker of walkers) if (walker.backAt !== undefined && walker.backAt <= step) walker.comeBack();
      // Drawn for every step, whoever can act, so that a seed walks the same way.
      const [walker, operation, pause] = [walkers[below(clients)], draw(choices, random()), random() * pauseMs];
      const draws = { a: random(), b: random(), c: random() };
      if (!walker.restarting) {
        await start(walk, walker, operation, step, draws);
        done[operation] = (done[operation] ?? 0) + 1;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      await slot(walkers);
      if ((step + 1) % 50 === 0) {
        progress(
          `step ${step + 1}: epoch ${lastEpoch(core, chatId)}, ${core.log.channel(chatId).messages.length} messages, ${
            Math.round((Date.now() - startedMs) / 1000)
          } s`,
        );
      }
    }
    await walk.faults.finish();
    const unsettled = await settle(core, walkers, chatId, { patienceMs, faults });
    progress(
      `${unsettled.length === 0 ? "at rest" : "NOT at rest"} after ${Math.round((Date.now() - startedMs) / 1000)} s`,
    );
    const channel = toHex((await founder.record(chatId))!.channelId);
    for (const walker of faults ? walkers : []) {
      const id = await walker.chatIn(chatId, channel);
      if (await walker.isLeftBehind(core, chatId, channel)) {
        progress(`${walker.name} was left behind: ${await walker.diary(chatId)}`);
      }
      if (id !== chatId) {
        progress(`${walker.name} elsewhere: ${await walker.diary(chatId)} / ${await walker.diary(id)}`);
      }
    }
    const verdict = await judge(core, walkers, chatId, { faults, settled: unsettled.length === 0 });
    for (const walker of walkers) {
      if ([...unsettled, ...verdict.wrong].some((sentence) => sentence.startsWith(`${walker.name} `))) {
        progress(`${walker.name}: ${await walker.diary(chatId)}`);
      }
    }
    const refusals: Record<string, number> = {};
    for (const { refusals: own } of walkers) {
      for (const [code, count] of own) refusals[code] = (refusals[code] ?? 0) + count;
    }
    const conflicts = [...core.log.channel(chatId).conflicts.values()].reduce((sum, count) => sum + count, 0);
    return {
      ...verdict,
      conflicts,
      refusals,
      done,
      tookMs: Date.now() - startedMs,
      wrong: [...unsettled, ...verdict.wrong],
    };
  } finally {
    for (const { person } of walkers) await person.close();
    await core.idle();
    await core.stop();
  }
}

interface Walk {
  core: TestCore;
  walkers: Walker[];
  chatId: string;
  random: () => number;
  below: (limit: number) => number;
  faults: Faults;
}

function draw(choices: [string, number][], at: number): string {
  let left = at * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of choices) {
    left -= weight;
    if (left < 0) return name;
  }
  return choices[0][0];
}

function lastEpoch(core: TestCore, chatId: string): number {
  return core.log.channel(chatId).members.length - 1;
}

/** Waits until not too many operations run: of those that can go on. */
async function slot(walkers: Walker[]): Promise<void> {
  const deadline = Date.now() + slotPatienceMs;
  const busy = () =>
    walkers.filter(({ backAt }) => backAt === undefined).reduce((sum, { running }) => sum + running.size, 0);
  while (busy() > atOnce && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function start(
  { core, walkers, chatId, random, faults }: Walk,
  walker: Walker,
  operation: string,
  step: number,
  { a, b, c }: { a: number; b: number; c: number },
): Promise<void> {
  const { engine } = walker.person;
  const others = walkers.filter((other) => other !== walker);
  const target = others[Math.floor(a * others.length)];
  switch (operation) {
    case "send":
      // Now and then several at once.
      for (let count = b < 0.2 ? 3 : 1; count > 0; count--) walker.say(chatId, random);
      return;
    case "add": {
      const inside = new Set((await walker.person.chat(chatId))?.members.map(({ username }) => username));
      const outside = others.filter(({ name }) => !inside.has(name));
      const wanted = outside.length > 0 ? outside[Math.floor(a * outside.length)] : target;
      return walker.run(`adds ${wanted.name}`, () => engine.addPeople(chatId, [wanted.name]));
    }
    case "remove":
      if (target.index >= anchors) walker.run(`removes ${target.name}`, () => engine.removePerson(chatId, target.name));
      return;
    case "rename":
      return walker.run("renames", () => engine.renameChat(chatId, `soak ${step}`));
    case "role":
      if (target.index >= anchors || b < 0.5) {
        walker.run(
          `gives ${target.name} a role`,
          () => engine.setRole(chatId, target.name, b < 0.5 ? "admin" : "member"),
        );
      }
      return;
    case "leave":
      // Asked twice, one who can not follow the group leaves without telling anybody.
      if (walker.index >= anchors && !(await walker.record(chatId))?.leaving) {
        walker.run("leaves", () => engine.leaveChat(chatId));
      }
      return;
    case "away":
      if (walker.backAt === undefined) walker.goOffline(step + 5 + Math.floor(b * b * 120));
      return;
    case "die":
      return walker.die(1 + Math.floor(b * 4), c < 0.5);
    case "cut":
      return walker.person.disconnect();
    case "cut-drain":
      if (walker.backAt !== undefined) return;
      walker.cutInMidDrain(chatId, random, step + 3 + Math.floor(c * 6), 1 + Math.floor(b * 3));
      // In another epoch what was written is sealed again.
      return target.run("renames", () => target.person.engine.renameChat(chatId, `soak ${step}`));
    case "restart-core":
      return await core.restart();
    default:
      return await faults.start(operation, walker, { a, b, c });
  }
}

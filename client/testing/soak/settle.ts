/** The end of a soak: everybody comes back, and everything that is under way has to come to rest by itself. */

import { toHex } from "../../../schema/bytes.ts";
import type { TestCore } from "../core.ts";
import type { Walker } from "./walker.ts";
import { desyncOf, isIn } from "../../sync/conversation/standing.ts";

/** Between two looks, in ms. */
const lookMs = 200;
/** In how many looks in a row all must be at rest. */
const looksAtRest = 6;
/**
 * Commits and messages per client, besides those that wait already, after which the group is said never to stop. A
 * client that is cut off once more writes some.
 */
const stepsEach = 80;

/**
 * Waits as long as something moves, however long that takes: a slow machine is no fault. What counts as a
 * move is a commit or a message that the core takes, and a client whose trouble changes. A look takes longer
 * on a busy machine, so the patience counts looks, not time.
 *
 * @param options.patienceMs for something to move, at one look in 200 ms
 * @param options.faults the group may have moved to a replacement channel
 * @returns what did not come to rest, as sentences; nothing when all did
 */
export async function settle(
  core: TestCore,
  walkers: Walker[],
  chatId: string,
  { patienceMs, faults }: { patienceMs: number; faults: boolean },
): Promise<string[]> {
  for (const walker of walkers) {
    await walker.restarting;
    walker.comeBack();
  }
  const waiting = await Promise.all(walkers.map(async (walker) => (await walker.waiting()).size));
  const mostSteps = core.log.progress + waiting.reduce((sum, count) => sum + count, stepsEach * walkers.length);
  const patience = Math.ceil(patienceMs / lookMs);
  let [unmoved, atRest, before] = [0, 0, ""];
  const nudged = new Set<Walker>();
  while (true) {
    if (faults) await nudge(core, walkers, chatId, nudged);
    for (const { person } of walkers) {
      for (const { chatId: id, needsAcceptance } of await person.engine.chats()) {
        if (needsAcceptance) await person.engine.acceptInvitation(id);
      }
    }
    const restless = await restlessness(core, walkers, chatId, faults);
    const now = `${core.log.progress} ${restless.join()}`;
    [unmoved, before] = [now === before ? unmoved + 1 : 0, now];
    atRest = restless.length === 0 && unmoved > 0 ? atRest + 1 : 0;
    if (atRest >= looksAtRest) return [];
    if (unmoved > patience) return restless;
    if (core.log.progress > mostSteps) return restless.length > 0 ? restless : ["the group never stops committing"];
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/**
 * A device that was re-added in what a restored core has lost hears of it when it says something, not before:
 * so it does, once.
 */
async function nudge(core: TestCore, walkers: Walker[], chatId: string, nudged: Set<Walker>): Promise<void> {
  const anchor = (await walkers[0].record(chatId))!;
  for (const walker of walkers) {
    const record = await walker.record(chatId);
    if (
      !record || !isIn(record) || desyncOf(record) || nudged.has(walker) ||
      toHex(record.channelId) === toHex(anchor.channelId) ||
      record.epoch < core.log.channel(toHex(record.channelId)).members.length
    ) continue;
    nudged.add(walker);
    walker.say(chatId, Math.random);
  }
}

async function restlessness(core: TestCore, walkers: Walker[], chatId: string, faults: boolean): Promise<string[]> {
  const found: string[] = [];
  // The anchors stay: where they are is where the group is.
  const channel = toHex((await walkers[0].record(chatId))!.channelId);
  const chats = await Promise.all(walkers.map((walker) => faults ? walker.chatIn(chatId, channel) : chatId));
  const records = await Promise.all(walkers.map((walker, index) => walker.record(chats[index])));
  const epochs = core.log.channel(channel).members;
  const epoch = faults ? records[0]!.epoch : epochs.length - 1;
  const members = faults
    ? new Set((await walkers[0].person.chat(chatId))!.members.map(({ username }) => username))
    : undefined;
  for (const [index, walker] of walkers.entries()) {
    const record = records[index];
    const belongs = members ? members.has(walker.name) : epochs[epoch].has(walker.recipientKey);
    if (!belongs && faults && await walker.isLeftBehind(core, chatId, channel)) continue;
    const say = (what: string) => found.push(`${walker.name} ${what}`);
    // What it began in the conversation in which it had the group before can not end.
    if (chats[index] === chatId) { for (const operation of walker.running.values()) say(`is still at: ${operation}`); }
    if (!record) {
      if (belongs) say("knows nothing of the group");
      continue;
    }
    if (!belongs) {
      if (isIn(record) && !desyncOf(record)) say(`is out, and does not know it (epoch ${record.epoch} of ${epoch})`);
      continue;
    }
    if (!isIn(record)) say(`is a member, and does not know it (epoch ${record.epoch} of ${epoch})`);
    else if (desyncOf(record)) say(`is out of step: ${JSON.stringify(desyncOf(record))}`);
    else if (toHex(record.channelId) !== channel || record.epoch !== epoch) {
      say(
        `is at epoch ${record.epoch} of channel ${toHex(record.channelId).slice(0, 6)}, the first at ${epoch} of ${
          channel.slice(0, 6)
        }`,
      );
    } else if (record.leaving) say("is still leaving");
    else if (!await walker.isQuiet(chats[index])) say("has something waiting");
    else if (await walker.isBehind(core, record)) say("has entries of the group on the server");
  }
  return found;
}

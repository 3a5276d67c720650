import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { WriteFault } from "../storage/testing/memory.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

/** More writes than one round of the scenario makes. */
const mostWrites = 80;

async function isDead({ storage }: Person): Promise<boolean> {
  return await storage.get("meta", "any").then(() => false, () => true);
}

/** Does a step until it is done, starting the process again when the storage has died under it. */
async function insist(person: Person, step: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    if (await isDead(person)) await person.crash();
    const over = new AbortController();
    const done = step();
    done.catch(() => {});
    try {
      return await Promise.race([done, death(person, over.signal)]);
    } catch (error) {
      if (!await isDead(person)) throw error;
    } finally {
      over.abort();
    }
  }
  throw new Error("the step never got through");
}

/** Rejects once the storage has died: what the process was waiting for will never come. */
async function death(person: Person, over: AbortSignal): Promise<never> {
  while (!over.aborted && !await isDead(person)) await new Promise((resolve) => setTimeout(resolve, 5));
  throw new Error("died");
}

/** As `until`, for someone whose process may die while waiting. */
async function awaited(person: Person, look: () => Promise<boolean>, what: string): Promise<void> {
  await insist(person, async () => {
    await person.until(async () => {
      if (await isDead(person)) throw new Error("died");
      return await look();
    }, what);
  });
}

const randomId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

/**
 * The bytes that went out for each message in each epoch: never two different ones (that would be one
 * generation with two plaintexts, or a nonce used twice).
 */
function assertNoReuse(tap: Wiretap): void {
  const sent = new Map<string, string>();
  for (const { channelId, messageId, epoch, envelope } of tap.published as Record<string, Uint8Array>[]) {
    const place = `${toHex(channelId)} ${toHex(messageId)} ${epoch}`;
    const bytes = toHex(envelope);
    assert.equal(
      sent.get(place) ?? bytes,
      bytes,
      "the same message went out in one epoch as two different ciphertexts",
    );
    sent.set(place, bytes);
  }
}

/**
 * One round of everything that writes: sending, receiving, an own commit, another's commit. `victim` dies at
 * its nth write.
 */
async function round(victim: Person, other: Person, third: Person, chatId: string, name: string): Promise<void> {
  const isIn = async (person: Person) =>
    (await person.chat(chatId))!.members.some(({ username }) => username === third.username);
  for (const text of [`${name} v1`, `${name} v2`]) {
    const messageId = randomId();
    await insist(victim, () => victim.engine.send(chatId, messageId, text));
  }
  await other.says(chatId, `${name} o1`);
  await insist(victim, async () => {
    if (await isIn(victim)) await victim.engine.removePerson(chatId, third.username);
    else await victim.engine.addPeople(chatId, [third.username]);
  });
  await other.says(chatId, `${name} o2`);
  const messageId = randomId();
  await insist(victim, () => victim.engine.send(chatId, messageId, `${name} v3`));
}

function sweep(fault: WriteFault) {
  return async ({ join }: { join(name: string): Promise<Person> }) => {
    const [victim, other, third] = [await join("victim"), await join("other"), await join("third")];
    const tap = new Wiretap();
    victim.wrapTransport = tap.wrap;
    await victim.crash();
    await victim.connected();
    const chatId = await victim.engine.startChat([other.username], "sweep");
    await other.sees(chatId);
    const said: { victim: string[]; other: string[] } = { victim: [], other: [] };
    let crashes = 0;
    for (let nth = 1; nth <= mostWrites; nth++) {
      const name = `n${nth}`;
      const before = victim.storage;
      const start = before.writes;
      before.failWrite(nth, fault);
      await round(victim, other, third, chatId, name);
      said.victim.push(`${name} v1`, `${name} v2`, `${name} v3`);
      said.other.push(`${name} o1`, `${name} o2`);
      const last = said.victim.at(-1)!;
      await awaited(
        victim,
        async () => (await victim.texts(chatId, other.username)).length >= said.other.length,
        `all of round ${nth}`,
      );
      await awaited(
        victim,
        async () => (await victim.items(chatId)).every((item) => item.kind !== "message" || item.state !== "waiting"),
        `round ${nth} to be sent`,
      );
      await other.until(
        async () => (await other.texts(chatId, victim.username)).at(-1) === last,
        `the end of round ${nth}`,
      );
      // The process that comes next has no fault waiting in it.
      if (victim.storage === before && before.writes < start + nth) break;
      if (victim.storage !== before) crashes++;
      await victim.crash();
      await victim.connected();
    }
    assert.ok(crashes >= 10, `${crashes} crashes`);
    assert.deepEqual(await other.texts(chatId, victim.username), said.victim);
    assert.deepEqual(await victim.texts(chatId, victim.username), said.victim);
    assert.deepEqual(await victim.texts(chatId, other.username), said.other);
    const bad = (notice: string) => /^(unreadable|rejected|gap)/.test(notice);
    assert.deepEqual([...await victim.notices(chatId), ...await other.notices(chatId)].filter(bad), []);
    assertNoReuse(tap);
  };
}

/** Somebody who is invited again and again, and dies at the nth write after each invitation. */
async function newcomers({ join }: { join(name: string): Promise<Person> }): Promise<void> {
  const [host, guest] = [await join("host"), await join("guest")];
  for (let nth = 1; nth <= 6; nth++) {
    const chatId = await host.engine.startChat([guest.username], `party ${nth}`);
    guest.storage.failWrite(nth, nth % 2 === 0 ? "crash" : "crash-after");
    await host.says(chatId, "welcome");
    await awaited(
      guest,
      async () => (await guest.chat(chatId)) !== undefined && (await guest.texts(chatId, host.username)).length === 1,
      `party ${nth}`,
    );
    const messageId = randomId();
    await insist(guest, () => guest.engine.send(chatId, messageId, "thanks"));
    await awaited(
      guest,
      async () => (await host.texts(chatId, guest.username)).length === 1,
      `the thanks of party ${nth}`,
    );
    assert.deepEqual(await host.texts(chatId, guest.username), ["thanks"]);
    // Receipts are written when the thanks have gone: the fault may wait until then.
    await insist(guest, async () => assert.equal((await guest.notices(chatId)).length, 1));
    await guest.crash();
    await guest.connected();
  }
}

suite("a device that dies at any write goes on from what is on disk: nothing lost, nothing twice, no key reused", {
  "when the write did not take place": sweep("crash"),
  "when the write took place and nobody was told": sweep("crash-after"),
  "when it has just been invited": newcomers,
});

/** Every integer of the wire at its limits, through the real service: a clear code, and nobody else notices. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bytes } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { commitCall, makeChannel, outcome, publishTo, queueOf, sendCommit } from "../testing/delivery_service.ts";
import { withService } from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";

/** The schema carries what a number can not: 2^53, and the largest UInt64. */
const beyondNumbers = [2n ** 53n, 2n ** 64n - 1n] as unknown[] as number[];
const near = [2 ** 52 - 8, 2 ** 52 - 1, 2 ** 52];
const edges = [0, 1, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 51, ...near, 2 ** 53 - 1, ...beyondNumbers];
/** A queue is numbered anew once in this time. */
const renumberMs = 600_000;

/** A number of a call: an edge, or one near a number that the queue or the clock names. */
const numbers = fc.oneof(
  fc.constantFrom(...edges).map((value) => ({ base: "", value })),
  fc.record({ base: fc.constantFrom("next", "largest"), value: fc.integer({ min: -2, max: 2 }) }),
);

const first = async (stream: AsyncGenerator<unknown>) => {
  const answer = await outcome(stream.next());
  await stream.return(undefined).catch(() => {});
  return answer;
};

/** The calls that name numbers of the caller's queue. */
const readings: Record<
  string,
  (client: RpcClient, recipientKey: Bytes, at: number, channel: Bytes) => Promise<string>
> = {
  fetch: (client, recipientKey, after) =>
    outcome(client.call(delivery.fetch, { recipientKey, channelId: new Uint8Array(), after, limit: 200 })),
  filtered: (client, recipientKey, after, channelId) =>
    outcome(client.call(delivery.fetch, { recipientKey, channelId, after, limit: 1 })),
  fetchWait: (client, recipientKey, after, channelId) =>
    outcome(client.call(delivery.fetchWait, { recipientKey, channelId, after, limit: 9, timeoutMs: 1 })),
  subscribe: (client, recipientKey, after) => first(client.stream(delivery.subscribe, { recipientKey, after })),
  subscribeAs: (client, recipientKey, after) => {
    const marks = { run: random(16), mark: random(16), before: [], displaced: false };
    return first(client.stream(delivery.subscribeAs, { recipientKey, after, ...marks }));
  },
  ack: (client, recipientKey, upTo) => outcome(client.call(delivery.ack, { recipientKey, upTo })),
  ackEntries: (client, recipientKey, seq) =>
    outcome(client.call(delivery.ackEntries, { recipientKey, seqs: [seq, seq] })),
  fetchBody: (client, recipientKey, seq) => first(client.stream(delivery.fetchBody, { recipientKey, seq })),
};

const fetchAt = (value: number) => ({
  call: "fetch",
  number: { base: "", value },
  later: renumberMs,
  published: false,
});

const steps = fc.array(
  fc.record({
    call: fc.constantFrom(...Object.keys(readings)),
    number: numbers,
    later: fc.constantFrom(0, renumberMs),
    published: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

Deno.test("SERVERS 1: whatever numbers a member names, its groups go on and its own queue delivers", () =>
  withService(3, async ({ as, clock, devices }) => {
    const [ann, bob, eve] = devices;
    const channelId = await makeChannel(as, devices);
    let epoch = 1;
    const last = async (device: TestDevice) => (await queueOf(as(device), device)).at(-1)!;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        for (const { call, number: { base, value }, later, published } of all) {
          clock.nowMs += later;
          if (published) await publishTo(as(ann), channelId, epoch);
          const next = ((await queueOf(as(eve), eve)).at(-1)?.seq ?? 0) + 1;
          const bases: Record<string, number> = { next, largest: Math.max(next - 1, clock.nowMs * 1024) + 2 ** 33 };
          const at = base === "" ? value : Math.max(0, bases[base] + value);
          const answer = await readings[call](as(eve), eve.recipientKey, at, channelId);
          assert.ok(["ok", "E005", "E012", "E014", "E018"].includes(answer), `${call} ${at}: ${answer}`);
        }
        for (let count = 0; count < 8; count++) await publishTo(as(ann), channelId, epoch);
        const { envelope } = await publishTo(as(ann), channelId, epoch);
        assert.deepEqual((await last(bob)).body, envelope);
        epoch = (await sendCommit(as(bob), { channelId, epoch, members: devices })).n;
        // From 0, as a device that is refused.
        const seqs = (await queueOf(as(eve), eve)).map(({ seq }) => seq);
        assert.deepEqual((await queueOf(as(eve), eve)).slice(-2).map(({ kind }) => kind), [
          EntryKind.APPLICATION,
          EntryKind.COMMIT,
        ]);
        assert.deepEqual(seqs, [...new Set(seqs)].toSorted((a, b) => a - b));
        assert.ok(Number.isSafeInteger(seqs.at(-1)! + 2 ** 40), `${seqs.at(-1)}`);
        for (const device of devices) {
          await as(device).call(delivery.ack, { recipientKey: device.recipientKey, upTo: (await last(device)).seq });
        }
      }),
      { numRuns: 60, examples: [[near.map(fetchAt)]] },
    );
  }));

Deno.test("SERVERS 1: two cursors near 2^52 do not stop a member's groups", () =>
  withService(3, async ({ as, devices }) => {
    const [ann, , eve] = devices;
    const channelId = await makeChannel(as, devices);
    for (const after of [2 ** 52 - 8, 2 ** 52]) await readings.fetch(as(eve), eve.recipientKey, after, channelId);
    for (let count = 0; count < 9; count++) assert.equal(await outcome(publishTo(as(ann), channelId, 1)), "ok");
    assert.equal(await outcome(sendCommit(as(ann), { channelId, epoch: 1, members: devices })), "ok");
    assert.equal((await queueOf(as(eve), eve)).length, 11);
  }));

Deno.test("SERVERS 1: a client of before that is refused for its cursor, and acknowledges it, loses nothing", () =>
  withService(2, async ({ as, clock, devices }) => {
    const [ann, bob] = devices;
    const channelId = await makeChannel(as, devices);
    for (let count = 0; count < 3; count++) await publishTo(as(ann), channelId, 1);
    const before = await queueOf(as(bob), bob);
    const cursor = clock.nowMs * 1024 + 2 ** 40;
    for (const call of ["subscribeAs", "subscribe", "ack"]) {
      assert.equal(await readings[call](as(bob), bob.recipientKey, cursor, channelId), "E018");
    }
    assert.deepEqual(await queueOf(as(bob), bob), before);
    // One from after a backup that was put back by hand is not refused. If it acknowledges first, nothing goes, either.
    const seen = before.at(-1)!.seq + 1000;
    assert.equal(await readings.ack(as(bob), bob.recipientKey, seen, channelId), "E018");
    assert.deepEqual((await queueOf(as(bob), bob, seen)).map(({ id }) => id), before.map(({ id }) => id));
  }));

Deno.test("SERVERS 1: every other integer of the delivery service at its limits gets a clear code", () =>
  withService(2, async ({ as, devices }) => {
    const [ann, bob] = devices;
    const channelId = await makeChannel(as, devices);
    const { recipientKey } = ann;
    const small = [1, 200, 2 ** 16 - 1];
    const spans = [0, 1, 2 ** 31, 2 ** 32 - 1];
    const { params, body } = commitCall({ channelId, epoch: 1, members: devices });
    const commit = (changed: object) => outcome(as(ann).call(delivery.commit, { ...params, ...changed }, {}, body));
    const answers: Record<string, string[]> = {};
    const each = async (name: string, values: number[], call: (value: number) => Promise<string>) => {
      for (const value of values) (answers[name] ??= []).push(await call(value));
    };
    const message = () => ({ messageId: random(16), envelope: random(9) });
    const hash = random(32);
    await each(
      "publish.epoch",
      edges.filter((value) => value !== 1),
      (epoch) => outcome(as(ann).call(delivery.publish, { channelId, epoch, ...message(), ephemeral: false })),
    );
    await each("publishInOrder.epoch", edges.filter((value) => value !== 1), async (epoch) => {
      const call = as(ann).call(delivery.publishInOrder, { channelId, messages: [{ epoch, ...message() }] });
      return await call.then(({ answers }) => `E0${answers[0].code}`, () => outcome(call));
    });
    await each("commit.epoch", edges.filter((value) => value !== 1), (epoch) => commit({ epoch }));
    for (const name of ["commitLength", "welcomeLength", "headersLength"]) {
      await each(
        name,
        spans.filter((value) => value > 0 || name !== "welcomeLength"),
        (value) => commit({ [name]: value, commitId: random(16) }),
      );
    }
    await each(
      "limit",
      [0, ...small],
      (limit) => outcome(as(ann).call(delivery.fetch, { recipientKey, channelId: new Uint8Array(), after: 0, limit })),
    );
    await each(
      "timeoutMs",
      spans,
      (timeoutMs) =>
        outcome(
          as(ann).call(delivery.fetchWait, {
            recipientKey,
            channelId: new Uint8Array(),
            after: 0,
            limit: 1,
            timeoutMs,
          }),
        ),
    );
    await each(
      "putBlob.length",
      edges.filter((value) => value !== 1),
      (length) => outcome(as(ann).call(delivery.putBlob, { sha256: hash, length }, {}, random(1))),
    );
    await each("getBlob.offset", edges, (offset) => first(as(ann).stream(delivery.getBlob, { sha256: hash, offset })));
    for (const [name, given] of Object.entries(answers)) {
      assert.ok(given.every((answer) => /^(ok|E0(05|11|12|14|15|17|30|31|32))$/.test(answer)), `${name}: ${given}`);
    }
    assert.ok(answers["commit.epoch"].every((answer) => ["E014", "E015", "E017"].includes(answer)));
    assert.equal(await outcome(publishTo(as(bob), channelId, 1)), "ok");
    assert.equal(await commit({}), "ok", "nothing of it was kept");
  }));

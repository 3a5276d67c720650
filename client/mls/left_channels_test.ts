import assert from "node:assert/strict";
import { encodeCbor } from "../../schema/cbor.ts";
import { leftChannelsExtensions, leftChannelsOf, maxLeftChannels } from "./extensions.ts";
import { keyPackageOf, makeDevices, makeGroup, now } from "./testing/group.ts";

const channel = (byte: number) => new Uint8Array(32).fill(byte);

Deno.test("a Welcome names the channels that the adder's conversation has left, by the adder's signature", async () => {
  const [anna, bert, carl] = await makeDevices("anna", "bert", "carl");
  const { mls, channelId, states: [state] } = await makeGroup([anna, bert]);
  for (const leftChannels of [[channel(1), channel(2)], []]) {
    const { keyPackage, privateRecord } = await keyPackageOf(carl);
    const { pending } = await mls.buildCommit(state, { add: [keyPackage], leftChannels, nowMs: now() });
    const joined = await mls.joinFromWelcome({
      channelId,
      n: pending.n,
      header: pending.bundle.headers.find(({ recipientKey }) => recipientKey.join() === carl.keyPair.publicKey.join())!
        .header,
      sealedWelcome: pending.bundle.sealedWelcome,
      candidates: [privateRecord],
      live: false,
    });
    assert.ok(joined.kind === "processed");
    assert.deepEqual(joined.leftChannels, leftChannels);
    assert.equal(joined.adder.credential.username, "anna");
  }
});

Deno.test("0xF0A3 is CBOR {v: 1, left}, with the 16 newest channels; a malformed one names none", () => {
  assert.deepEqual(leftChannelsExtensions([channel(7)]), [{
    extensionType: 0xf0a3,
    extensionData: encodeCbor({ v: 1, left: [channel(7)] }),
  }]);
  assert.deepEqual(leftChannelsExtensions([]), []);
  const many = Array.from({ length: maxLeftChannels + 1 }, (_, byte) => channel(byte));
  assert.deepEqual(leftChannelsOf(leftChannelsExtensions(many)), many.slice(1));
  const of = (content: unknown, extensionType = 0xf0a3) =>
    leftChannelsOf([{ extensionType, extensionData: encodeCbor(content as never) }]);
  const left = [channel(7)];
  assert.deepEqual(of({ v: 1, left }), left);
  assert.deepEqual(of({ v: 1, left }, 0xf0a4), []);
  for (
    const bad of [{ v: 2, left }, { v: 1, left: 7 }, { v: 1, left: [new Uint8Array(31)] }, { v: 1, left: many }, 7]
  ) {
    assert.deepEqual(of(bad), []);
  }
  const [one] = leftChannelsExtensions(left);
  assert.deepEqual(leftChannelsOf([one, one]), [], "twice");
});

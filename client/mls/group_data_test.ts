import assert from "node:assert/strict";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { groupContextExtensions, groupInfoOf } from "./extensions.ts";
import {
  changedData,
  groupDataOf,
  isTimer,
  maxDescriptionLength,
  maxGroupDataBytes,
  maxPictureBytes,
  maxTimerMs,
  minTimerMs,
  sameData,
} from "./group_data.ts";
import { infoOf } from "./state.ts";
import { alice } from "./testing/rules.ts";

Deno.test("CONVERSATIONS: group data comes through the GroupContext as it was, fields of later versions too", () => {
  const data = {
    timerMs: 86_400_000,
    description: "Hills",
    picture: Uint8Array.of(1),
    later: { some: [1, 2n ** 60n] },
  };
  const info = { ...infoOf(alice), data };
  const [required, own] = groupContextExtensions(info);
  const read = groupInfoOf([required, own]);
  assert.deepEqual(read, info);
  assert.deepEqual(groupContextExtensions(read), [required, own], "to the last byte");
  const [, without] = groupContextExtensions(infoOf(alice));
  assert.equal(
    Object.hasOwn(decodeCbor(without.extensionData) as object, "data"),
    false,
    "as an earlier version has it",
  );
});

Deno.test("CONVERSATIONS: group data that is empty, no map, too large or out of its bounds is malformed", () => {
  const bad: unknown[] = [
    {},
    [],
    null,
    "text",
    Uint8Array.of(1),
    { timerMs: 0 },
    { timerMs: minTimerMs - 1_000 },
    { timerMs: maxTimerMs + 1_000 },
    { timerMs: minTimerMs + 1 },
    { timerMs: "1 day" },
    { description: 5 },
    { description: "a".repeat(maxDescriptionLength + 1) },
    { picture: "text" },
    { picture: new Uint8Array(maxPictureBytes + 1) },
    { later: new Uint8Array(maxGroupDataBytes) },
  ];
  for (const value of bad) assert.throws(() => groupDataOf(value), MalformedError, JSON.stringify(value).slice(0, 80));
  const most = { description: "ü".repeat(maxDescriptionLength), picture: new Uint8Array(maxPictureBytes) };
  assert.deepEqual(groupDataOf(most), most);
  const free = maxGroupDataBytes - encodeCbor({ later: new Uint8Array(4_000) }).length + 4_000;
  assert.ok(groupDataOf({ later: new Uint8Array(free) }));
});

Deno.test("CONVERSATIONS: a timer is a whole number of seconds from 30 s to 4 weeks", () => {
  for (const timerMs of [minTimerMs, 31_000, maxTimerMs]) assert.equal(isTimer(timerMs), true);
  for (const timerMs of [0, -30_000, 29_000, 30_500, maxTimerMs + 1_000, NaN, Infinity, "30000"]) {
    assert.equal(isTimer(timerMs), false, String(timerMs));
  }
});

Deno.test("CONVERSATIONS: a change of group data leaves other fields as they are; without fields there is none", () => {
  const before = { timerMs: 60_000, later: 1 };
  assert.deepEqual(changedData(before, { description: "Hills" }), { timerMs: 60_000, later: 1, description: "Hills" });
  assert.deepEqual(changedData(before, { timerMs: undefined }), { later: 1 });
  assert.equal(changedData({ timerMs: 60_000 }, { timerMs: undefined }), undefined);
  assert.equal(changedData(undefined, { timerMs: undefined }), undefined);
  assert.equal(sameData(before, { later: 1, timerMs: 60_000 }), true);
  assert.equal(sameData(before, { later: 2, timerMs: 60_000 }), false);
  assert.equal(sameData(before, undefined), false);
  assert.equal(sameData(undefined, undefined), true);
});

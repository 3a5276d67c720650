/** Tests of the contract's completeness check: it finds methods without a test, and errors without a rule. */

import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { does, races, refuses, repeats } from "./behaviour.ts";
import { gapsOf, Recorder } from "./contract.ts";
import type { MethodRules } from "./methods.ts";
import type { Parts } from "./world.ts";

const rules: Record<string, MethodRules> = {
  put: { writes: true, errors: [ErrorCode.malformed, ErrorCode.notAMember] },
  get: { writes: false, errors: [] },
};
const run = () => Promise.resolve();
const complete = [
  does("get", "gives", run),
  does("put", "stores", run),
  repeats("put", "changes nothing", run),
  races("put", "takes one", run),
  refuses("put", [ErrorCode.malformed, ErrorCode.notAMember], "for a stranger", run),
];

Deno.test("gapsOf() finds nothing when every method has tests of its result, errors, repeats and races", () => {
  assert.deepEqual(gapsOf(rules, complete), []);
});

Deno.test("gapsOf() names each method and error that has no test", () => {
  const without = (kind: string) => gapsOf(rules, complete.filter((behaviour) => behaviour.kind !== kind));
  assert.deepEqual(without("does"), ["put() does: no test", "get() does: no test"]);
  assert.deepEqual(without("repeats"), ["put() repeats: no test"]);
  assert.deepEqual(without("races"), ["put() races: no test"]);
  assert.deepEqual(without("refuses"), ["put() is E014: no test", "put() is E016: no test"]);
});

Deno.test("Recorder notes calls and refusals, and refusals without a rule", async () => {
  const refuse = (code: number) => () => Promise.reject(new WireError(code, "no"));
  const delivery = { put: refuse(ErrorCode.malformed), get: refuse(ErrorCode.queueFull) };
  const recorder = new Recorder(rules);
  const recorded = recorder.record({ delivery } as unknown as Parts, "delivery");
  const { put, get } = recorded.delivery as unknown as typeof delivery;
  await assert.rejects(put(), WireError);
  assert.deepEqual([...recorder.called], ["put"]);
  assert.deepEqual([[...recorder.refused], recorder.undeclared], [["put 14"], []]);
  await assert.rejects(get(), WireError);
  assert.deepEqual(recorder.undeclared, ["get() is E013"]);
});

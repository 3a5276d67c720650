import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { bodiesPerOwner, type Body, BodyBudget, smallBodyBytes } from "./body_budget.ts";

const isRefused = (error: unknown) => isWireError(error, ErrorCode.rateLimited);
const large = smallBodyBytes + 1;
const never = new Promise<never>(() => {});

/** Begins a body of an account and an address, and holds it. */
function begin(budget: BodyBudget, account: string, remoteAddress: string, length = large) {
  const gate = Promise.withResolvers<void>();
  let body: Body | undefined;
  const ended = budget.with(length, { account, remoteAddress }, (given) => {
    body = given;
    return given.receive(gate.promise);
  });
  ended.catch(() => {});
  return { charge: (bytes: number) => body!.charge(bytes), end: () => gate.resolve(), ended };
}

Deno.test("SERVERS 2: BodyBudget charges bytes as they come, and nothing for those that are announced", async () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 10 });
  const silent = Array.from({ length: 50 }, (_, index) => begin(budget, `${index}`, "203.0.113.1", 16 * 1024 * 1024));
  const honest = begin(budget, "ann", "203.0.113.2");
  honest.charge(100);
  honest.end();
  await honest.ended;
  for (const { end } of silent) end();
});

Deno.test("SERVERS 2: BodyBudget keeps memory for small bodies that large ones can not fill", () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 10 });
  const one = begin(budget, "mallory", "203.0.113.1");
  one.charge(100);
  begin(budget, "ann", "203.0.113.1", smallBodyBytes).charge(10);
  assert.throws(() => one.charge(1), isRefused);
});

Deno.test("SERVERS 2: in a full BodyBudget the largest body of the address that has most makes room", async () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 0 });
  const mallory = [40, 30, 20].map((bytes, index) => {
    const body = begin(budget, `mallory${index}`, "203.0.113.1");
    body.charge(bytes);
    return body;
  });
  const ann = begin(budget, "ann", "203.0.113.2");
  ann.charge(30);
  await assert.rejects(mallory[0].ended, isRefused);
  assert.throws(() => mallory[0].charge(1), isRefused, "nothing is taken for a body that made room");
  ann.charge(10);
  assert.throws(() => mallory[1].charge(31), isRefused, "who asks has most itself");
  mallory[2].charge(10);
  ann.end();
  await ann.ended;
});

Deno.test("SERVERS 2: in a full BodyBudget the many /64 of a /48 count together", async () => {
  const budget = new BodyBudget({ largeBytes: 160, smallBytes: 0 });
  const mallory = Array.from({ length: 160 }, (_, index) => {
    const body = begin(budget, `mallory${index}`, `2001:db8:0:${index.toString(16)}::1`);
    body.charge(1);
    return body;
  });
  const ann = begin(budget, "ann", "2001:db8:1::1");
  ann.charge(8);
  ann.end();
  await ann.ended;
  const cut = await Promise.all(mallory.map(({ ended }) => Promise.race([ended.then(() => 0, () => 1), tick()])));
  assert.equal(cut.filter((one) => one === 1).length, 8);
});

Deno.test("SERVERS 2: a body that is whole and being stored does not make room", async () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 0 });
  const gate = Promise.withResolvers<void>();
  const stored = budget.with(large, { account: "ann", remoteAddress: "203.0.113.1" }, async (body) => {
    body.charge(90);
    await body.receive(Promise.resolve());
    await gate.promise;
  });
  await tick();
  assert.throws(() => begin(budget, "bob", "203.0.113.2").charge(20), isRefused);
  gate.resolve();
  await stored;
  begin(budget, "bob", "203.0.113.2").charge(20);
});

Deno.test("BodyBudget frees the bytes of finished and failed work", async () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 0 });
  const owner = { account: "ann", remoteAddress: "203.0.113.1" };
  const use = <T>(result: Promise<T>) =>
    budget.with(large, owner, (body) => {
      body.charge(100);
      return body.receive(result);
    });
  await assert.rejects(use(Promise.reject(new Error("no"))), /no/);
  assert.equal(await use(Promise.resolve(7)), 7);
});

Deno.test("BodyBudget allows one account only a few bodies, however small", async () => {
  const budget = new BodyBudget({ largeBytes: 100, smallBytes: 100 });
  const gate = Promise.withResolvers<void>();
  const mallory = { account: "mallory", remoteAddress: "203.0.113.1" };
  const held = Array.from({ length: bodiesPerOwner }, () => budget.with(1, mallory, () => gate.promise));
  await assert.rejects(budget.with(1, mallory, () => never), isRefused);
  assert.equal(await budget.with(1, { ...mallory, account: "ann" }, () => Promise.resolve("through")), "through");
  gate.resolve();
  await Promise.all(held);
  assert.equal(await budget.with(1, mallory, () => Promise.resolve("again")), "again");
});

function tick(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined)));
}

import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { bodiesPerOwner, BodyBudget } from "./body_budget.ts";

const isRefused = (error: unknown) => isWireError(error, ErrorCode.rateLimited);

Deno.test("BodyBudget refuses bytes over its limit, and frees those of finished and failed work", async () => {
  const budget = new BodyBudget(100);
  const gate = Promise.withResolvers<void>();
  const running = budget.with(80, "alice", () => gate.promise);
  await assert.rejects(budget.with(30, "bob", async () => {}), isRefused);
  gate.resolve();
  await running;
  await assert.rejects(budget.with(100, "bob", () => Promise.reject(new Error("no"))), /no/);
  assert.equal(await budget.with(100, "bob", () => Promise.resolve(7)), 7);
});

Deno.test("BodyBudget allows one owner only a few bodies, however small", async () => {
  const budget = new BodyBudget(1000);
  const gate = Promise.withResolvers<void>();
  const held = Array.from({ length: bodiesPerOwner }, () => budget.with(1, "mallory", () => gate.promise));
  await assert.rejects(budget.with(1, "mallory", async () => {}), isRefused);
  assert.equal(await budget.with(1, "alice", () => Promise.resolve("through")), "through");
  gate.resolve();
  await Promise.all(held);
  assert.equal(await budget.with(1, "mallory", () => Promise.resolve("again")), "again");
});

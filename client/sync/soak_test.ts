import assert from "node:assert/strict";
import { soak } from "./testing/soak/soak.ts";

const seed = Number(Deno.env.get("QPQ_SEED") ?? 7);

Deno.test("20 clients that change the group and send at random and at once, some away, some dying, end in one epoch with one member list and one transcript; nothing lost, nothing twice, in order", async () => {
  const { wrong, epoch, accepted, deliveries } = await soak({ clients: 20, steps: 100, seed, patienceMs: 60_000 });
  assert.deepEqual(wrong.slice(0, 20), [], `again: QPQ_SEED=${seed} npm run soak -- --clients 20 --steps 100`);
  assert.ok(epoch >= 3 && accepted >= 20 && deliveries >= 200, `too little happened: epoch ${epoch}, ${accepted} messages, ${deliveries} deliveries`);
});

import assert from "node:assert/strict";
import { UnitOfWork } from "./unit_of_work.ts";

const chatless = () =>
  new UnitOfWork(() => Promise.resolve(undefined), () => Promise.reject(), () => undefined, () => undefined);
const stored = { get: <T>(_store: string, key: string) => Promise.resolve(key === "known" ? "old" as T : undefined) };

Deno.test("UnitOfWork.peek() tells what the unit deletes from what it does not touch", () => {
  const unit = chatless();
  assert.equal(unit.peek("messageids", "known"), undefined);
  unit.put("messageids", "known", "new");
  assert.deepEqual(unit.peek("messageids", "known"), { value: "new" });
  unit.delete("messageids", "known");
  assert.deepEqual(unit.peek("messageids", "known"), { value: undefined });
  assert.equal(unit.peek("outbox", "known"), undefined, "stores are apart");
});

Deno.test("UnitOfWork.read() gives records as they are going to be", async () => {
  const unit = chatless();
  const read = () => unit.read(stored, "messageids", "known");
  assert.equal(await read(), "old");
  unit.put("messageids", "known", "new");
  assert.equal(await read(), "new");
  unit.delete("messageids", "known");
  assert.equal(await read(), undefined, "what the unit deletes is not read from the storage");
  assert.equal(await unit.read(stored, "messageids", "unknown"), undefined);
});

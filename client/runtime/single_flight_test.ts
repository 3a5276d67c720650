import assert from "node:assert/strict";
import { SingleFlight } from "./single_flight.ts";

Deno.test("SingleFlight.run() joins the requests during a run into one more run", async () => {
  const flights = new SingleFlight();
  let runs = 0;
  let finish = () => {};
  const work = () => {
    runs++;
    return new Promise<void>((resolve) => finish = resolve);
  };
  const first = flights.run("one", work);
  assert.deepEqual([runs, flights.isRunning("one")], [1, true]);
  await flights.run("one", work);
  await flights.run("one", work);
  assert.equal(runs, 1);
  finish();
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(runs, 2);
  finish();
  await first;
  assert.deepEqual([runs, flights.isRunning("one")], [2, false]);
});

Deno.test("SingleFlight.run() keeps keys apart, and a failure frees its key", async () => {
  const flights = new SingleFlight();
  const done: string[] = [];
  const failed = flights.run("one", () => Promise.reject(new Error("no")));
  await flights.run("two", () => Promise.resolve(void done.push("two")));
  await assert.rejects(failed, { message: "no" });
  await flights.run("one", () => Promise.resolve(void done.push("one")));
  assert.deepEqual(done, ["two", "one"]);
});

Deno.test("SingleFlight.begin() refuses a second run, and end() tells that it was requested", () => {
  const flights = new SingleFlight();
  assert.deepEqual([flights.begin("one"), flights.begin("one"), flights.begin("two")], [true, false, true]);
  assert.deepEqual([flights.end("one"), flights.end("two")], [true, false]);
  assert.deepEqual([flights.begin("one"), flights.end("one")], [true, false]);
});

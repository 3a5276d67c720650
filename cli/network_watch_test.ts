import assert from "node:assert/strict";
import { watchNetwork } from "./network_watch.ts";

const pause = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

Deno.test("watchNetwork() reports each change of the addresses once, and nothing after its end", async () => {
  let now = [{ name: "lo", address: "127.0.0.1" }, { name: "eth0", address: "192.0.2.7" }];
  let told = 0;
  const stop = watchNetwork({ interfaces: () => now, onChange: () => told++, everyMs: 5 });
  now = [...now].reverse();
  await pause(30);
  assert.equal(told, 0);
  now = now.filter(({ name }) => name === "lo");
  await pause(30);
  assert.equal(told, 1);
  now = [...now, { name: "wlan0", address: "198.51.100.3" }];
  await pause(30);
  assert.equal(told, 2);
  stop();
  now = [];
  await pause(30);
  assert.equal(told, 2);
});

Deno.test("watchNetwork() survives a system that does not list its addresses", async () => {
  let look = () => [{ name: "eth0", address: "192.0.2.7" }];
  let told = 0;
  const stop = watchNetwork({ interfaces: () => look(), onChange: () => told++, everyMs: 5 });
  look = () => {
    throw new Error("not now");
  };
  await pause(30);
  look = () => [{ name: "eth0", address: "192.0.2.8" }];
  await pause(30);
  assert.equal(told, 1);
  stop();
  const never = () => {
    throw new Error("not allowed");
  };
  watchNetwork({ interfaces: never, onChange: () => assert.fail(), everyMs: 5 })();
});

import assert from "node:assert/strict";
import type { DeviceCredential } from "../../../schema/credential.ts";
import { TrustWatch } from "./trust_watch.ts";

const leaf = [{} as DeviceCredential, new Uint8Array(32), "add"] as const;

Deno.test("TrustWatch tells a directory that did not answer from a leaf that is refused", async () => {
  let offline = true;
  const watch = new TrustWatch(() =>
    offline ? Promise.reject(new Error("no answer")) : Promise.resolve("not in the list")
  );
  const judge = () =>
    watch.trust(...leaf).then((verdict) => verdict === true ? "joined" : "rejected", () => "rejected");
  await assert.rejects(watch.during(judge), /no answer/);
  offline = false;
  assert.equal(await watch.during(judge), "rejected");
  await assert.rejects(watch.during(() => Promise.reject(new Error("a bug"))), /a bug/);
});

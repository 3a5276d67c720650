import assert from "node:assert/strict";
import { CallPace, callsAtOnce } from "./pace.ts";

Deno.test("CallPace makes an address wait beyond its burst, and no other address with it", async () => {
  const pace = new CallPace(20, () => 0);
  const turn = (address: string) => pace.turn(address).then(() => address);
  for (let call = 0; call < callsAtOnce; call++) await turn("127.0.0.2");
  const waits = turn("127.0.0.2");
  assert.equal(await Promise.race([waits, turn("127.0.0.3")]), "127.0.0.3");
  await waits;
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { safetyNumber } from "./safety_number.ts";

const anna = { accountKey: new Uint8Array(32).fill(1), username: "anna" };
const bert = { accountKey: new Uint8Array(32).fill(2), username: "bert" };

/** The definition again, with another implementation of SHA-512 and with big integers. */
function digitsOf({ accountKey, username }: typeof anna): string {
  const input = Buffer.concat([Buffer.from("qpq/1 safety"), accountKey, Buffer.from(username)]);
  let hash = createHash("sha512").update(input).digest();
  for (let round = 2; round <= 5200; round++) hash = createHash("sha512").update(hash).update(input).digest();
  return [0, 5, 10, 15, 20, 25].map((at) =>
    (BigInt(`0x${hash.toString("hex", at, at + 5)}`) % 100_000n).toString().padStart(5, "0")
  ).join(" ");
}

Deno.test("safetyNumber() is the same for both sides, as specification §1.6 defines it", async () => {
  const [here, there] = [await safetyNumber(anna, bert), await safetyNumber(bert, anna)];
  assert.deepEqual(here, there);
  assert.match(here.digits, /^(\d{5} ){11}\d{5}$/);
  assert.equal(here.digits, [digitsOf(anna), digitsOf(bert)].sort().join(" "));
});

Deno.test("safetyNumber() differs for another key and for another name of one side", async () => {
  const { digits } = await safetyNumber(anna, bert);
  assert.notEqual((await safetyNumber(anna, { ...bert, accountKey: new Uint8Array(32).fill(3) })).digits, digits);
  assert.notEqual((await safetyNumber(anna, { ...bert, username: "berta" })).digits, digits);
});

Deno.test("safetyNumber() puts version and both keys into the QR code, in one order for both sides", async () => {
  const { qr } = await safetyNumber(anna, bert);
  assert.equal(qr.length, 2 * 65);
  assert.ok([`01${"01".repeat(32)}${"02".repeat(32)}`, `01${"02".repeat(32)}${"01".repeat(32)}`].includes(qr));
});

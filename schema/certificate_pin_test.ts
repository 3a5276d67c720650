import assert from "node:assert/strict";
import { certificatePin } from "./certificate_pin.ts";

Deno.test("certificatePin() is SHA-256 over the DER of the first certificate of a PEM text", async () => {
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;
  const pin = await certificatePin(`comment\n${pem("abc")}${pem("other")}`);
  // FIPS 180-2 Appendix B.1: the digest of "abc".
  assert.equal(
    Array.from(pin, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("certificatePin() refuses a text without a certificate", async () => {
  for (
    const text of [
      "",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----",
    ]
  ) {
    await assert.rejects(certificatePin(text), TypeError);
  }
});

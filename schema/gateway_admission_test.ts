import assert from "node:assert/strict";
import { admissionMac, clientAddressLength, decodeClientAddress, encodeClientAddress } from "./gateway_admission.ts";

Deno.test("encodeClientAddress() and decodeClientAddress() are each other's inverse for both families", () => {
  for (
    const [address, decoded] of [
      ["127.0.0.1", "127.0.0.1"],
      ["::ffff:10.1.2.3", "10.1.2.3"],
      ["::1", "0:0:0:0:0:0:0:1"],
      ["2001:db8::5:6", "2001:db8:0:0:0:0:5:6"],
      ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
    ]
  ) {
    const bytes = encodeClientAddress({ address, port: 50123 });
    assert.equal(bytes.length, clientAddressLength);
    assert.deepEqual(decodeClientAddress(bytes), { address: decoded, port: 50123 });
  }
});

Deno.test("encodeClientAddress() refuses what is no address; decodeClientAddress() other forms", () => {
  for (const address of ["", "localhost", "1.2.3", "1.2.3.256", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::"]) {
    assert.throws(() => encodeClientAddress({ address, port: 1 }), RangeError, address);
  }
  const bytes = encodeClientAddress({ address: "127.0.0.1", port: 1 });
  assert.throws(() => decodeClientAddress(bytes.with(0, 2)), RangeError);
  assert.throws(() => decodeClientAddress(bytes.with(1, 5)), RangeError);
  assert.throws(() => decodeClientAddress(bytes.slice(1)), RangeError);
});

Deno.test("admissionMac() depends on the secret, the nonce and the pin", async () => {
  const bytes = (value: number) => new Uint8Array(32).fill(value);
  const macs = await Promise.all(
    [[1, 2, 3], [9, 2, 3], [1, 9, 3], [1, 2, 9]].map(([secret, nonce, pin]) =>
      admissionMac(bytes(secret), bytes(nonce), bytes(pin))
    ),
  );
  assert.equal(new Set(macs.map(String)).size, 4);
});

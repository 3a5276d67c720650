import assert from "node:assert/strict";
import { clientAddress } from "./client_address.ts";

const peer = (hostname: string): Deno.NetAddr => ({ transport: "tcp", hostname, port: 999 });
const seen = (hostname: string, header: string | null, trusted: string[]) =>
  clientAddress(peer(hostname), header, trusted).hostname;

Deno.test("clientAddress() is the peer unless the operator trusts it as a proxy", () => {
  assert.equal(seen("192.0.2.1", "203.0.113.9", []), "192.0.2.1");
  assert.equal(seen("192.0.2.1", "203.0.113.9", ["127.0.0.1"]), "192.0.2.1");
  assert.equal(seen("127.0.0.1", null, ["127.0.0.1"]), "127.0.0.1");
});

Deno.test("clientAddress() takes the trusted proxy's entry, never one that the client claimed", () => {
  assert.equal(seen("127.0.0.1", "198.51.100.7, 203.0.113.9", ["127.0.0.1"]), "203.0.113.9");
  assert.equal(seen("::ffff:127.0.0.1", "203.0.113.9, 10.0.0.2", ["127.0.0.1", "10.0.0.2"]), "203.0.113.9");
  assert.equal(seen("127.0.0.1", "[2001:DB8::5]:443", ["127.0.0.1"]), "2001:db8::5");
  assert.equal(seen("127.0.0.1", "203.0.113.9:5000", ["127.0.0.1"]), "203.0.113.9");
  assert.equal(seen("127.0.0.1", "unknown", ["127.0.0.1"]), "127.0.0.1");
  assert.equal(seen("127.0.0.1", "300.1.1.1", ["127.0.0.1"]), "127.0.0.1");
});

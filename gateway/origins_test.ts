import assert from "node:assert/strict";
import { ownHost, ownOrigins, webTransportHost } from "./origins.ts";

Deno.test("ownOrigins() accepts the gateway's own address under its names, and configured origins", () => {
  const own = ownOrigins({
    publicHost: "chat.example",
    origins: ["https://other.example"],
    httpPort: 8080,
    httpTls: false,
  });
  for (
    const origin of [
      "http://localhost:8080",
      "http://127.0.0.1:8080",
      "http://[::1]:8080",
      "https://chat.example",
      "https://other.example",
    ]
  ) assert.ok(own.has(origin), origin);
  for (
    const origin of [
      "null",
      "",
      "http://localhost",
      "https://localhost:8080",
      "https://chat.example.evil",
      "http://evil.example:8080",
    ]
  ) assert.ok(!own.has(origin), origin);
});

Deno.test("ownHost() gives the gateway's own hosts without the port, and undefined for others", () => {
  assert.equal(ownHost("localhost:8080"), "localhost");
  assert.equal(ownHost("[::1]:8080"), "[::1]");
  assert.equal(ownHost("Chat.Example", "chat.example"), "chat.example");
  for (const named of [undefined, "", "evil.example", "localhost evil", "localhost:80; script-src *"]) {
    assert.equal(ownHost(named, "chat.example"), undefined);
  }
});

Deno.test("webTransportHost() gives a bound address, and the public name unchanged", () => {
  assert.equal(webTransportHost("localhost", "127.0.0.1", undefined, true), "127.0.0.1");
  assert.equal(webTransportHost("localhost", "::1", undefined, true), "[::1]");
  assert.equal(webTransportHost("chat.example", "0.0.0.0", "chat.example", true), "chat.example");
  assert.equal(webTransportHost("localhost", "127.0.0.1", undefined, false), "localhost");
  assert.equal(webTransportHost(undefined, "127.0.0.1", "chat.example", false), "chat.example");
  assert.equal(webTransportHost(undefined, "127.0.0.1", undefined, true), "127.0.0.1");
});

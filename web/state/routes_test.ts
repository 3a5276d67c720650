import assert from "node:assert/strict";
import { hashOf, parseRoute, type Route } from "./routes.ts";

Deno.test("parseRoute() reads the hash of hashOf()", () => {
  const routes: Route[] = [{ kind: "chats" }, { kind: "new-chat" }, { kind: "settings" }, {
    kind: "chat",
    chatId: "ab01",
    info: false,
  }, { kind: "chat", chatId: "ab01", info: true }];
  for (const route of routes) assert.deepEqual(parseRoute(hashOf(route)), route);
});

Deno.test("parseRoute() gives the chats for an unknown address", () => {
  for (const hash of ["", "#", "#chat/", "#chat/XYZ", "#chat/ab/other", "#chat/<b>"]) {
    assert.deepEqual(parseRoute(hash), { kind: "chats" });
  }
});

import assert from "node:assert/strict";
import { chatRouteOf, hashOf, parseRoute, type Route } from "./routes.ts";

Deno.test("parseRoute() reads the hash of hashOf()", () => {
  const routes: Route[] = [
    { kind: "chats" },
    { kind: "new-chat" },
    { kind: "settings" },
    {
      kind: "chat",
      chatId: "ab01",
      info: false,
    },
    { kind: "chat", chatId: "ab01", info: true },
    { kind: "chat", chatId: "ab01", info: false, at: "1ab" },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(hashOf(route)), route);
});

Deno.test("parseRoute() gives the chats for an unknown address", () => {
  for (
    const hash of [
      "",
      "#",
      "#chat/",
      "#chat/XYZ",
      "#chat/ab/other",
      "#chat/ab/message/",
      "#chat/ab/message/x",
      "#chat/<b>",
    ]
  ) {
    assert.deepEqual(parseRoute(hash), { kind: "chats" });
  }
});

Deno.test("CONVERSATIONS: a link into a chat of this app is told from every other address", () => {
  const here = "https://chat.example/";
  const at = { kind: "chat", chatId: "ab".repeat(32), info: false, at: "01" };
  assert.deepEqual(chatRouteOf(`${here}#chat/${"ab".repeat(32)}/message/01`, here), at);
  for (
    const address of [
      here,
      `${here}#settings`,
      `${here}#i/secret`,
      `https://evil.example/#chat/${"ab".repeat(32)}`,
      `${here}other#chat/${"ab".repeat(32)}`,
      `${here}#chat/nothex`,
    ]
  ) assert.equal(chatRouteOf(address, here), undefined, address);
});

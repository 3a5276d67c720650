import assert from "node:assert/strict";
import type { ChatMember } from "../../client/api/engine_api.ts";
import { listedMembers } from "./member_page.ts";

const member = (username: string, extra: Partial<ChatMember> = {}): ChatMember => ({
  username,
  accountKey: "",
  role: "member",
  self: false,
  ...extra,
});
const members = [
  member("zoe"),
  member("anna"),
  member("mara", { self: true }),
  member("bob", { role: "admin" }),
  member("kim", { keyChanged: true }),
];

Deno.test("listedMembers() puts the own account first, then changed keys, admins and members by name", () => {
  assert.deepEqual(listedMembers(members, ""), ["mara", "kim", "bob", "anna", "zoe"]);
});

Deno.test("listedMembers() finds names by the typed text, in any case, without outer spaces", () => {
  assert.deepEqual(listedMembers(members, " A "), ["mara", "anna"]);
  assert.deepEqual(listedMembers(members, "nobody"), []);
});

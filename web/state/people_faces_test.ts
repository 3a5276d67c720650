import assert from "node:assert/strict";
import { createRoot, createSignal } from "solid-js";
import type { ChatMember, ChatSummary, EngineApi } from "../../client/api/engine_api.ts";
import { createPeopleFaces, type PeopleFaces } from "./people_faces.ts";

const member = (username: string, displayName?: string, accountKey = `key of ${username}`): ChatMember =>
  ({ username, accountKey, ...(displayName && { displayName }) }) as ChatMember;
const chat = (chatId: string, members: ChatMember[]) =>
  ({ chatId, kind: "group", title: chatId, members }) as ChatSummary;

function withPeople(chats: ChatSummary[], work: (people: PeopleFaces) => void): void {
  createRoot((dispose) => {
    const [known] = createSignal(chats);
    work(createPeopleFaces({} as EngineApi, known, () => undefined));
    dispose();
  });
}

Deno.test("CONVERSATIONS: a person is named by what another chat tells, also in one that they have left", () => {
  const left = chat("left", [member("anna")]);
  withPeople([left, chat("other", [member("bob", "Bob Marsh")])], (people) => {
    assert.equal(people.nameIn(left, "bob"), "Bob Marsh");
    assert.equal(people.nameIn(left, "anna"), "anna");
    assert.equal(people.nameIn(left, "nobody"), "nobody");
  });
});

Deno.test("CONVERSATIONS: questions name a person by both names, and by the username where it had several keys", () => {
  const bob = member("bob", "Bob Marsh");
  withPeople([chat("one", [bob, member("carol")])], (people) => {
    assert.equal(people.bothOf("bob"), "\u2068Bob Marsh\u2069 (@bob)");
    assert.equal(people.bothOf("carol"), "carol");
  });
  const keys = ["a", "b", "a"].map((key) => member("bob", "Bob Marsh", key));
  withPeople(keys.map((one, index) => chat(String(index), [one])), (people) => {
    assert.equal(people.bothOf("bob"), "bob");
  });
});

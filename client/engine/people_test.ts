import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { maxBlocked, type SettingsContent } from "../account/settings/settings_content.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import { People } from "./people.ts";

const keyOf = (number: number) => new Uint8Array(32).fill(number >> 8, 0, 1).fill(number & 255, 1);

/** The people of an account that blocks so many, and its settings as they stand. */
function peopleWith(blocked: number) {
  let content = {
    policy: "everybody",
    blocked: Array.from(
      { length: blocked },
      (_, number) => ({ accountKey: keyOf(number), username: `user${number}`, sinceMs: number }),
    ),
    guests: [],
  } as unknown as SettingsContent;
  const settings = {
    get content() {
      return content;
    },
    change(to: (before: SettingsContent) => SettingsContent | undefined) {
      content = to(content) ?? content;
      return Promise.resolve();
    },
  };
  const directory = { byUsername: (name: string) => Promise.resolve({ accountKey: keyOf(Number(name.slice(4))) }) };
  const context = {
    ownKey: "own",
    account: { settings, directory, clock: { now: () => 1_000 } },
    conversations: { all: () => [] },
  } as unknown as SyncContext;
  return { people: new People(context, {} as never), blocked: () => content.blocked };
}

Deno.test("CONVERSATIONS: above 500 blocked people nobody is unblocked for the next one, L047", async () => {
  const { people, blocked } = peopleWith(maxBlocked - 1);
  await people.block("user600");
  assert.deepEqual([blocked().length, blocked().at(-1)!.username], [500, "user600"]);
  await people.block("user600");
  await assert.rejects(people.block("user601"), /L047/);
  assert.deepEqual([blocked().length, toHex(blocked()[0].accountKey)], [500, toHex(keyOf(0))]);
  await people.unblock(toHex(keyOf(0)));
  await people.block("user601");
  assert.equal(blocked().at(-1)!.username, "user601");
});

Deno.test("CONVERSATIONS: whom the account does not hear is hidden, but for ways back into chats that it had", () => {
  const member = { username: "bert", accountKey: "bb" };
  const known = { record: { invitation: false, standing: { kind: "member" }, members: [member] } };
  const context = {
    account: { settings: { content: { policy: "groups" }, isBlocked: (key: string) => key === "blocked" } },
    conversations: { all: () => [known] },
  } as unknown as SyncContext;
  const people = new People(context, {} as never);
  const revoked = { needsAcceptance: true, inviterRevoked: true };
  const isHidden = (inviter: string, marks = {}) =>
    people.isHidden({ invitation: true, inviter, standing: { kind: "member" }, ...marks } as never);
  assert.deepEqual([isHidden("aa"), isHidden("aa", { needsAcceptance: true }), isHidden("aa", revoked)], [
    true,
    true,
    true,
  ]);
  assert.deepEqual([isHidden("bb", revoked), isHidden("aa", { ...revoked, taken: true })], [false, false]);
  assert.ok(isHidden("blocked", { ...revoked, taken: true }));
});

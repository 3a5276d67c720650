import assert from "node:assert/strict";
import { createRoot, createSignal } from "solid-js";
import type { ChatSummary } from "../../client/api/engine_api.ts";
import type { Route } from "./routes.ts";
import { createStepsDone } from "./steps_done.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("createStepsDone() asks again where a step may have been done, and not with each message", async () => {
  const [chats, setChats] = createSignal<ChatSummary[]>([{ unread: 0 } as ChatSummary]);
  const [route, setRoute] = createSignal<Route>({ kind: "chats" });
  const asked = { links: 0, devices: 0 };
  const app = {
    peopleVersion: () => 1,
    chats,
    openings: { dialog: () => undefined },
    navigation: { route },
    engine: {
      links: () => (asked.links++, Promise.resolve([])),
      devices: () => (asked.devices++, Promise.resolve([{}, {}])),
    },
  };
  await createRoot(async (dispose) => {
    const done = createStepsDone(app as unknown as Parameters<typeof createStepsDone>[0]);
    assert.equal(done.isKnown(), false);
    await settled();
    assert.deepEqual([done.isKnown(), done.invited(), done.secondDevice()], [true, false, true]);
    for (let unread = 1; unread <= 20; unread++) setChats([{ unread } as ChatSummary]);
    await settled();
    assert.deepEqual(asked, { links: 1, devices: 1 });
    setRoute({ kind: "settings" });
    await settled();
    assert.deepEqual(asked, { links: 2, devices: 2 });
    setChats([{ unread: 0 } as ChatSummary, { unread: 0 } as ChatSummary]);
    await settled();
    assert.deepEqual(asked, { links: 3, devices: 3 });
    dispose();
  });
});

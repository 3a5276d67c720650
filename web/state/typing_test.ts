import assert from "node:assert/strict";
import { createRoot } from "solid-js";
import type { ConnectionState, TimelineItem } from "../../client/api/engine_api.ts";
import type { App, TimelineListener, TypingListener } from "./app.ts";
import { createTyping, typingShownMs } from "./typing.ts";

/** A conversation in which bob starts to type. The test controls its connection and its timers. */
function whileBobWrites(
  look: (
    seen: {
      writing: () => string[];
      connection: (kind: ConnectionState["kind"]) => void;
      pass: () => void;
      says: (sender: string, order?: string) => void;
      writes: TypingListener;
    },
  ) => void,
): void {
  const [begin, end] = [globalThis.setTimeout, globalThis.clearTimeout];
  let due: { run: () => void; ms: number } | undefined;
  globalThis.setTimeout =
    ((run: (name: string) => void, ms: number, name: string) => (due = { run: () => run(name), ms }, 1)) as never;
  globalThis.clearTimeout = () => due = undefined;
  try {
    createRoot((dispose) => {
      let kind: ConnectionState["kind"] = "connected";
      const heard: { typing?: TypingListener; timeline?: TimelineListener } = {};
      const app = {
        connection: () => ({ kind }),
        listenTyping: (_chatId: string, listener: TypingListener) => (heard.typing = listener, () => {}),
        listenTimeline: (_chatId: string, listener: TimelineListener) => (heard.timeline = listener, () => {}),
      };
      const writing = createTyping(app as unknown as App, "chat", () => "5");
      heard.typing!("bob");
      look({
        writing,
        connection: (next) => kind = next,
        writes: heard.typing!,
        says: (sender, order = "6") => heard.timeline!([{ kind: "message", sender, order } as TimelineItem]),
        pass: () => {
          assert.equal(due?.ms, typingShownMs);
          due.run();
        },
      });
      dispose();
    });
  } finally {
    [globalThis.setTimeout, globalThis.clearTimeout] = [begin, end];
  }
}

Deno.test("createTyping() shows a typing person for some seconds, or until the message arrives", () => {
  whileBobWrites(({ writing, pass }) => {
    assert.deepEqual(writing(), ["bob"]);
    pass();
    assert.deepEqual(writing(), []);
  });
  whileBobWrites(({ writing, says, writes }) => {
    writes("carol");
    assert.deepEqual(writing(), ["bob", "carol"]);
    says("bob");
    assert.deepEqual(writing(), ["carol"]);
  });
});

Deno.test("createTyping() shows no typing person while there is no connection", () => {
  whileBobWrites(({ writing, connection }) => {
    for (const kind of ["connecting", "offline"] as const) {
      connection(kind);
      assert.deepEqual(writing(), [], kind);
    }
  });
});

Deno.test("createTyping() goes on showing a person when one of their older messages changes", () => {
  whileBobWrites(({ writing, says }) => {
    for (const order of ["1", "5"]) {
      says("bob", order);
      assert.deepEqual(writing(), ["bob"], order);
    }
    says("bob", "6");
    assert.deepEqual(writing(), []);
  });
});

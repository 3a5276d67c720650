import assert from "node:assert/strict";
import { none } from "../device_messages/device_messages.ts";
import { wasThere } from "./unseen_leaves.ts";

const channel = "07".repeat(32);
const from = new Uint8Array(32).fill(9);
const device = "09".repeat(32);
const channelId = new Uint8Array(32).fill(7);
const says = (n: number) => ({ channelId, from, to: from, content: { kind: "leaving" as const, n, commitId: none } });

Deno.test("wasThere() finds that a device has been added after the epoch in which it left", () => {
  const since = (n: number, of = channel) => ({ channelId, devices: [{ channel: of, n, devices: [device] }] });
  assert.equal(wasThere(since(4), says(4)), true);
  assert.equal(wasThere(since(5), says(4)), false);
  assert.equal(wasThere(since(5, "01".repeat(32)), says(4)), true, "since a channel before");
  assert.equal(wasThere({ channelId }, says(4)), false, "nothing is known");
});

import assert from "node:assert/strict";
import { byListOrder, isMuted } from "../../api/chat_list.ts";
import { afterMessage, changed, marksOf, ranksAfterMove } from "./preferences.ts";

const hourMs = 3_600_000;
const message = { own: false, mentioned: false, nowMs: 10 };

Deno.test("CONVERSATIONS: a chat is muted for an hour, 8 hours, a week or always, and not longer", () => {
  for (const [muted, ms] of [["hour", hourMs], ["8-hours", 8 * hourMs], ["week", 168 * hourMs]] as const) {
    const marks = marksOf(changed({}, { muted }, 5, 1));
    assert.deepEqual(marks, { muted: { untilMs: 5 + ms } });
    assert.deepEqual([isMuted(marks, 4 + ms), isMuted(marks, 5 + ms)], [true, false]);
  }
  const always = changed({}, { muted: "always" }, 5, 1);
  assert.equal(isMuted(marksOf(always), Number.MAX_SAFE_INTEGER), true);
  assert.deepEqual(marksOf(changed(always, { muted: "off" }, 6, 1)), {});
});

Deno.test("CONVERSATIONS: each choice keeps the time at which it was made", () => {
  const first = changed({}, { pinned: true, markedUnread: true }, 5, 3);
  const second = changed(first, { markedUnread: false }, 9, 4);
  assert.deepEqual(second, { pinned: { value: 3, atMs: 5 }, markedUnread: { value: false, atMs: 9 } });
  assert.deepEqual(changed(second, { pinned: true }, 10, 7).pinned, { value: 3, atMs: 5 }, "it is pinned already");
});

Deno.test("CONVERSATIONS: a chat is pinned or archived, not both", () => {
  const pinned = changed({}, { pinned: true }, 5, 1);
  const archived = changed(pinned, { archived: true }, 6, 1);
  assert.deepEqual(marksOf(archived), { archived: true });
  assert.deepEqual(marksOf(changed(archived, { pinned: true }, 7, 2)), { pinned: 2 });
});

Deno.test("CONVERSATIONS: a message brings an archived chat back, unless it is muted; a mention does so always", () => {
  const archived = changed({}, { archived: true }, 5, 1);
  const muted = changed(archived, { muted: "hour" }, 5, 1);
  assert.deepEqual(marksOf(afterMessage(archived, message)), {});
  assert.equal(afterMessage(muted, message), undefined);
  assert.equal(marksOf(afterMessage(muted, { ...message, mentioned: true })).archived, undefined);
  assert.equal(marksOf(afterMessage(muted, { ...message, own: true })).archived, undefined);
  assert.equal(marksOf(afterMessage(muted, { ...message, nowMs: 2 * hourMs })).archived, undefined);
  assert.equal(afterMessage(undefined, message), undefined);
});

Deno.test('CONVERSATIONS: the own answer takes the mark "unread" away, and others\' messages do not', () => {
  const marked = changed({}, { markedUnread: true }, 5, 1);
  assert.equal(afterMessage(marked, message), undefined);
  assert.deepEqual(marksOf(afterMessage(marked, { ...message, own: true })), {});
});

Deno.test("CONVERSATIONS: a moved pin gets a rank between its neighbours; without room all get new ones", () => {
  assert.deepEqual([...ranksAfterMove([1, 9, 2], 1)], [[1, 1.5]]);
  assert.deepEqual([...ranksAfterMove([9, 1, 2], 0)], [[0, 0]]);
  assert.deepEqual([...ranksAfterMove([1, 2, -5], 2)], [[2, 3]]);
  assert.deepEqual([...ranksAfterMove([1, 9, 1 + Number.EPSILON], 1)], [[0, 1], [1, 2], [2, 3]]);
  let ranks = [0, 1, 2];
  for (let move = 0; move < 200; move++) {
    const wanted = [ranks[0], ranks[2], ranks[1]];
    const news = ranksAfterMove(wanted, 1);
    ranks = wanted.map((rank, index) => news.get(index) ?? rank);
    assert.ok(ranks[0] < ranks[1] && ranks[1] < ranks[2], `${ranks} after ${move}`);
  }
});

Deno.test("CONVERSATIONS: pinned chats stand first in the user's order, then the newest", () => {
  const chats = [{ activityMs: 9 }, { activityMs: 1, pinned: 2 }, { activityMs: 5 }, { activityMs: 3, pinned: 1 }];
  assert.deepEqual(chats.sort(byListOrder).map(({ activityMs }) => activityMs), [3, 1, 9, 5]);
});

/** The initial chats of the engine in memory. */

import type { ChatSummary, MessageItem, NoticeItem, TimelineItem } from "../../client/api/engine_api.ts";
import { fakeAttachments } from "./fake_attachments.ts";

export interface FakeChat {
  summary: ChatSummary;
  items: TimelineItem[];
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const idOf = (number: number, bytes: number) => number.toString(16).padStart(bytes * 2, "0");

/** Members of a large group. */
export const fakeReaders = Array.from({ length: 995 }, (_, index) => `reader-${String(index + 1).padStart(3, "0")}`);

type Line = [sender: string, text: string, agoMs: number, content?: Partial<MessageItem>] | [
  notice: NoticeItem,
];

/** @returns an invented account key as hex: the same for the same name */
export function keyOf(username: string): string {
  let state = 7;
  const next = () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16 & 0xff;
  for (const letter of username) state = (state * 31 + letter.charCodeAt(0)) & 0x7fffffff;
  return Array.from({ length: 32 }, () => next().toString(16).padStart(2, "0")).join("");
}

/** @returns what the list keeps of the newest message */
export function lastMessageOf({ text, sender, atMs, own, state, order }: MessageItem): ChatSummary["lastMessage"] {
  return { text, sender, atMs, ...(own && { own, state, order }) };
}

/** The newest messages of others. */
export function unreadOf({ summary, items }: FakeChat): TimelineItem[] {
  const ofOthers = items.filter((item) => item.kind === "message" && !item.own);
  return ofOthers.slice(ofOthers.length - summary.unread);
}

/** @param own the signed-in username */
export function fakeChats(own: string, everyone: string[]): FakeChat[] {
  const now = Date.now();
  const others = everyone.filter((username) => username !== own);
  const [anna, ben, cleo, dino, emil, frida, georg] = others;
  let count = 0;

  function chat(
    number: number,
    title: string,
    people: string[],
    lines: Line[],
    extra: Partial<ChatSummary> = {},
  ): FakeChat {
    const kind = people.length > 1 ? "group" : "direct";
    const items = lines.map((line): TimelineItem => {
      const order = String(1_000_000 + count++);
      if (line.length === 1) return { ...line[0], order };
      const [sender, text, agoMs, content] = line;
      return {
        kind: "message",
        messageId: idOf(count, 16),
        order,
        sender,
        senderKey: keyOf(sender),
        own: sender === own,
        text,
        atMs: now - agoMs,
        state: sender === own ? "sent" : "received",
        ...content,
      };
    });
    const last = items.findLast((item) => item.kind === "message");
    const member = (username: string, role: "admin" | "member") => ({
      username,
      role,
      accountKey: keyOf(username),
      self: username === own,
    });
    return {
      items,
      summary: {
        chatId: idOf(number, 32),
        title,
        kind,
        members: [
          member(own, extra.invitation ? "member" : "admin"),
          ...people.map((username, index) => member(username, extra.invitation && index === 0 ? "admin" : "member")),
        ],
        invitation: false,
        active: true,
        features: ["attachments", "changes", "group-data", "polls"],
        unread: 0,
        ...(last?.kind === "message" && { lastMessage: lastMessageOf(last) }),
        activityMs: items.at(-1)?.atMs ?? now,
        ...extra,
      },
    };
  }
  const notice = (
    kind: NoticeItem["notice"],
    values: Record<string, string>,
    agoMs: number,
  ): Line => [{ kind: "notice", order: "", atMs: now - agoMs, notice: kind, values }];
  const reaction = (sender: string, sign: string) => ({
    id: idOf(0, 32),
    sender,
    senderKey: idOf(sender.length, 32),
    text: sign,
  });
  const answered = (place: number) => ({ id: idOf(place, 32), order: String(1_000_000 + place) });
  const long = Array.from(
    { length: 5000 },
    (
      _,
      index,
    ): Line => [
      index % 7 < 3 ? own : ben,
      `Entry ${index + 1} of the log. ${"More words follow here. ".repeat(index % 4)}`.trim(),
      (5000 - index) * 7 * minuteMs + 5 * dayMs,
    ],
  );

  // All lines have the same height.
  const even = Array.from(
    { length: 1500 },
    (_, index): Line => [index % 2 ? own : georg, `Line ${index + 1}`, (1500 - index) * 1000 + 6 * dayMs],
  );
  const everyNotice: Line[] = [
    notice("created", { by: cleo }, 30 * dayMs),
    notice("added", { by: cleo, who: own }, 30 * dayMs),
    notice("promoted", { by: cleo, who: dino }, 29 * dayMs),
    notice("renamed", { by: dino, name: "Village newsletter" }, 28 * dayMs),
    notice("demoted", { by: cleo, who: dino }, 27 * dayMs),
    notice("device-removed", { who: ben, device: "93c0de55" }, 26 * dayMs),
    notice("removed", { by: cleo, who: "reader-996" }, 25 * dayMs),
    notice("rejoined", { by: cleo, who: anna }, 24 * dayMs),
    notice("unreadable", { code: "L008" }, 23 * dayMs),
    notice("rejected", { code: "GRP-4" }, 22 * dayMs),
    notice("gap", {}, 21 * dayMs),
    notice("successor", {}, 20 * dayMs),
    notice("removed-by-server", { who: dino }, 19 * dayMs),
    notice("server-differs", { by: dino }, 18 * dayMs),
    notice("healed", {}, 17 * dayMs),
    notice("rolled-back", {}, 16 * dayMs),
    notice("server-behind", {}, 15 * dayMs),
    notice("left-behind", { by: dino }, 14.95 * dayMs),
    notice("unopened", { count: "3" }, 14.9 * dayMs),
    notice("reopened", { count: "2" }, 14.8 * dayMs),
    notice("resent", { count: "5" }, 14.7 * dayMs),
    notice("not-resent", { count: "1" }, 14.6 * dayMs),
    notice("not-added", { who: dino }, 14 * dayMs),
    notice("invited-only", { who: anna }, 14 * dayMs),
    notice("timer-set", { by: cleo, timerMs: String(7 * dayMs) }, 14 * dayMs),
    notice("timer-off", { by: cleo }, 14 * dayMs),
    notice("described", { by: cleo }, 14 * dayMs),
    [cleo, "Which cover for the summer issue?", 14 * dayMs, {
      poll: {
        options: ["The lake", "The mill", "The fair, seen from the tower of the church"],
        several: true,
        votes: [anna, dino].map((sender) => ({ sender, senderKey: keyOf(sender), choices: [0], round: 1 })),
      },
    }],
    [cleo, "The spring issue is out.", 14 * dayMs],
  ];

  return [
    chat(1, anna, [anna], [
      notice("created", { by: own }, 2 * dayMs),
      [own, "Hi! I put the server on the small box in the cellar.", 2 * dayMs - 60_000],
      [anna, "Nice. So nobody but us holds the keys?", 2 * dayMs - 120_000],
      [own, "Exactly. It only ever sees sealed bytes.", 2 * dayMs - 180_000],
      [
        anna,
        "The train gets in at 18:40. I will walk from the station, it is only ten minutes and I have been " +
        "sitting all day.",
        dayMs,
      ],
      [anna, "Shall I bring bread?", dayMs - 20_000],
      [
        own,
        "Please! And the notes from Tuesday, if you still have them:\n– the seating plan\n– what the printer said",
        dayMs - 90_000,
      ],
      notice("device-added", { who: anna, device: "4be1f02a" }, 50 * minuteMs),
      [
        anna,
        "Here they are: https://example.org/notes/tuesday?page=2. Tell me if the link works for you.",
        12 * minuteMs,
      ],
      [own, "Works. Thank you!", 11 * minuteMs],
      [anna, "See you tonight 🌿", 4 * minuteMs],
    ], { unread: 1 }),
    chat(2, "Choir on Thursdays", [anna, ben, cleo, dino], [
      notice("created", { by: own }, 3 * dayMs),
      notice("added", { by: own, who: anna }, 3 * dayMs),
      notice("added", { by: own, who: cleo }, 3 * dayMs),
      [cleo, "Who has the second alto part?", 3 * dayMs - minuteMs],
      [ben, "Me. I will copy it.", 3 * dayMs - 2 * minuteMs],
      [ben, "Twelve pages, so allow me until Wednesday.", 3 * dayMs - 3 * minuteMs],
      [own, "You are a treasure.", 3 * dayMs - 4 * minuteMs],
      [own, "Ben, may I have a copy for Dora as well?", 110 * minuteMs, {
        edited: true,
        reactions: [reaction(ben, "👍"), reaction(cleo, "👍"), reaction(dino, "🎉")],
      }],
      [ben, "Of course, she gets one.", 109 * minuteMs, { replyTo: answered(18) }],
      [own, "", 107 * minuteMs, { deleted: true }],
      [anna, "Too late, I read it!", 106 * minuteMs, { replyTo: answered(20), reactions: [reaction(ben, "😂")] }],
      [anna, "[audio/midi]", 105 * minuteMs, { unsupported: true }],
      [anna, "\u2800", 104.5 * minuteMs, { blank: true }],
      [own, "Which one was it?", 104 * minuteMs, {
        replyTo: { id: idOf(1, 32) },
        // One person, though it looks like three.
        reactions: [reaction(cleo, "👍 3")],
      }],
      [dino, "Room 4 is taken next week, we are in the hall.", 100 * minuteMs],
      [cleo, "The hall! Bring a coat.", 98 * minuteMs],
    ], { unread: 2 }),
    chat(3, ben, [ben], long),
    chat(
      4,
      "Allotment association, northern plots",
      [cleo, dino],
      [notice("created", { by: cleo }, 3 * 60 * minuteMs)],
      { invitation: true },
    ),
    chat(5, dino, [dino], [
      [own, "Did the parcel arrive?", 9 * dayMs],
      [dino, "Yes, yesterday.", 9 * dayMs - minuteMs],
      notice("left", { who: own }, 8 * dayMs),
    ], { active: false }),
    chat(6, emil, [emil], [
      [emil, "I have a new phone at last.", 5 * 60 * minuteMs],
    ]),
    chat(7, "Village newsletter", [anna, ben, cleo, dino, ...fakeReaders], everyNotice),
    chat(8, "Boat house", [anna, georg], [
      [georg, "The key hangs behind the door.", 7 * dayMs],
      notice("rolled-back", {}, 6 * dayMs),
    ], { active: false, recovering: true }),
    chat(9, georg, [georg], even, { features: ["attachments", "changes", "polls"] }),
    chat(10, frida, [frida], [
      [frida, "I am off, then.", 20 * dayMs],
      notice("left", { who: frida }, 20 * dayMs - minuteMs),
    ], { members: [{ username: own, role: "admin", accountKey: idOf(own.length, 32), self: true }] }),
    chat(11, "Rooftop bees", [emil, frida], [
      notice("added", { by: emil, who: own }, 40 * dayMs),
      [emil, "Bring the money to the new address.", 40 * dayMs - minuteMs, { revokedDevice: true }],
    ], { invitation: true, needsAcceptance: true, inviterRevoked: true }),
    chat(13, "Lake weekend", [anna, ben, cleo], lakeWeekend(own, anna, ben, cleo)),
    chat(12, "Book circle", [emil, georg], [
      notice("added", { by: georg, who: own }, 41 * dayMs),
    ], { invitation: true, onOtherDevices: true }),
  ];
}

/** Files of every kind, and hostile ones. */
function lakeWeekend(own: string, anna: string, ben: string, cleo: string): Line[] {
  const start = 12 * dayMs;
  const of = (sender: string, what: keyof typeof fakeAttachments, text: string, minutes: number): Line => {
    const attachments = fakeAttachments[what];
    const [{ kind, name }] = attachments;
    return [sender, text, start - minutes * minuteMs, {
      attachments,
      attached: { kind, name, count: attachments.length },
    }];
  };
  return [
    of(anna, "hostile", "Do not open these.", 1),
    of(ben, "gone", "", 2),
    of(ben, "changed", "", 3),
    of(cleo, "large", "All of it in one picture", 4),
    of(cleo, "plans", "", 5),
    of(cleo, "files", "What to bring, and what to sing", 6),
    of(anna, "video", "", 7),
    of(own, "tall", "", 8),
    of(ben, "voice", "", 9),
    of(own, "voice", "", 10),
    of(ben, "album", "The best five", 11),
    of(anna, "lake", "Five in the morning. Nobody was up.", 12),
  ];
}

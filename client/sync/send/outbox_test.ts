import assert from "node:assert/strict";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { textKind } from "../../content/kinds/text.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { GroupUsageError } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { Outbox } from "./outbox.ts";
import { type OutboxRecord, outboxToStored, type StoredOutbox } from "../conversation/outbox_record.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { createConversationEvents } from "../conversation/conversation_events.ts";

const chatId = "07".repeat(32);

Deno.test("Outbox holds a message while a key is changed, and sends it when flushed after the decision", async () => {
  const waits: StoredOutbox = {
    chatId,
    messageId: "01".repeat(16),
    order: "1",
    kind: "message",
    content: new Uint8Array(),
    sealed: { epoch: 1, envelope: new Uint8Array(3) },
  };
  const seen = { looks: 0, timers: 0, sent: [] as string[] };
  let changed = true;
  const context = {
    account: { clock: { now: () => 0 } },
    store: { range: () => Promise.resolve([{ key: "", value: waits }]), get: () => Promise.resolve(undefined) },
    conversations: {
      get: () => ({ record: { standing: { kind: "member" }, epoch: 1, channelId: new Uint8Array(32).fill(7) } }),
      update: (work: (unit: unknown) => Promise<void>) =>
        work({ conversation: () => Promise.resolve(undefined), delete: () => {} }),
    },
    rpc: { call: (method: { name: string }) => Promise.resolve(seen.sent.push(method.name)) },
    events: createConversationEvents(),
    environment: { after: () => seen.timers++ },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => {
      seen.looks++;
      return changed ? Promise.reject(new EngineError({ code: LocalCode.keyChanged, detail: "" })) : Promise.resolve();
    },
  });
  await outbox.load();
  outbox.connected();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([seen, outbox.waiting], [{ looks: 1, timers: 0, sent: [] }, 0]);
  changed = false;
  outbox.flush(chatId);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen.sent, ["publish"]);
  outbox.close();
});

Deno.test("PEOPLE B0: what is written right after a decision is not sealed before what waited for it", async () => {
  const message = (order: string) => ({
    messageId: order.padStart(32, "0"),
    order,
    kind: "message" as const,
    content: new Uint8Array(),
  });
  const record = { standing: { kind: "member" }, epoch: 1, channelId: new Uint8Array(32).fill(7), members: [] };
  const changes = { newestStart: () => "1" };
  const chat = { id: chatId, storageId: chatId, lines: [], state: { epoch: 1n }, record, members: () => [], changes };
  const context = {
    account: { clock: { now: () => 0 } },
    store: { range: () => Promise.resolve([{ key: "", value: { chatId, ...message("1") } }]) },
    conversations: { get: () => chat },
    mls: { sealMessage: () => assert.fail("sealed") },
    rpc: { openAhead: () => {} },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => Promise.reject(new EngineError({ code: LocalCode.keyChanged, detail: "" })),
  });
  await outbox.load();
  assert.equal(await outbox.maySend(chatId), false);
  const puts: StoredOutbox[] = [];
  const unit = {
    put: (_store: string, _key: string, value: StoredOutbox) => puts.push(value),
    onceStored: () => {},
    ifInDoubt: () => {},
  };
  // The user has decided, and the outbox has not looked since.
  await outbox.enqueue(unit as unknown as UnitOfWork, chat as unknown as ConversationTransaction, message("2"));
  assert.deepEqual(puts.map(({ order, sealed }) => [order, sealed]), [["2", undefined]]);
  outbox.close();
});

Deno.test("PEOPLE A3: Outbox holds a resend while a later device is in the group, and sends the others", async () => {
  const channel = "07".repeat(32);
  const early = { firstSent: { channel, epoch: 0 } };
  const message = (order: string, closed: Partial<OutboxRecord> = {}): OutboxRecord => ({
    chatId,
    messageId: order.padStart(32, "0"),
    order,
    kind: "message",
    content: new Uint8Array([0xa0]),
    sealed: { epoch: 1, envelope: new Uint8Array(3) },
    resendSinceMs: 0,
    ...closed,
  });
  const members = [{ accountKey: "aa" }, { accountKey: "ee" }];
  const devices = [{ channel, n: 0, devices: ["a1"] }, { channel, n: 1, devices: ["e1"] }];
  const sent: string[] = [];
  const context = {
    account: { clock: { now: () => 0 } },
    store: {
      range: () => Promise.resolve([{ key: "", value: outboxToStored(message("1", { excludedAccounts: ["dd"] })) }]),
      get: () => Promise.resolve(undefined),
    },
    conversations: {
      get: () => ({
        record: { standing: { kind: "member" }, epoch: 1, channelId: new Uint8Array(32).fill(7), members, devices },
      }),
      update: (work: (unit: unknown) => Promise<void>) =>
        work({ conversation: () => Promise.resolve(undefined), delete: () => {} }),
    },
    rpc: {
      call: (_method: unknown, params: { messageId: Uint8Array } | { messages: { messageId: Uint8Array }[] }) => {
        const messages = "messages" in params ? params.messages : [params];
        sent.push(...messages.map(({ messageId }) => String(messageId.at(-1))));
        return Promise.resolve({ receivedMs: 1, answers: messages.map(() => ({ code: 0, receivedMs: 1 })) });
      },
    },
    events: createConversationEvents(),
    environment: { after: () => 0 },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => Promise.resolve(),
  });
  await outbox.load();
  outbox.connected();
  const ofEarlierVersion = message("4", { excludedAccounts: ["ee"] });
  const later = message("3", { firstSent: { channel, epoch: 1 } });
  outbox.resend(chatId, [message("1", early), message("2", early), later, ofEarlierVersion]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([sent, outbox.waiting], [["3"], 0]);
  assert.deepEqual(outbox.held(chatId).map(({ order }) => order).sort(), ["1", "2"]);
  for (const held of outbox.held(chatId)) held.toGive = [];
  outbox.moved(chatId, []);
  // A device that had moved before has dropped what it was given in the old channel.
  assert.deepEqual(outbox.held(chatId).map(({ toGive }) => toGive), [undefined, undefined]);
  members.pop();
  devices.pop();
  outbox.flush(chatId);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(sent.sort(), ["1", "2", "3", "4"]);
  outbox.close();
});

Deno.test("Outbox publishes a message again when the conversation moves before its answer is stored", async () => {
  const [left, present] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(5)];
  const chat = {
    id: chatId,
    record: {
      standing: { kind: "member" },
      epoch: 1,
      channelId: left,
      firstChannelId: left,
      members: [],
      ownSent: 0,
    },
    state: { epoch: 1n },
    members: () => [],
    moveRatchet: () => {},
    set: () => {},
    reservePlace: () => "1",
    changes: { notePlace: () => {}, newestStart: () => "1", move: () => (settled++, false) },
  };
  const content = encodeMimiContent(textKind.write({ text: "x" }, new Uint8Array(16)));
  const line = { kind: "message", state: "waiting" };
  const waits = { chatId, messageId: "01".repeat(16), order: "1", kind: "message", content };
  const published: Uint8Array[] = [];
  const deleted: string[] = [];
  let settled = 0;
  const context = {
    account: { accountKey: new Uint8Array(32), clock: { now: () => 0 } },
    store: {
      range: () =>
        Promise.resolve([{ key: "", value: { ...waits, sealed: { epoch: 1, envelope: new Uint8Array(3) } } }]),
      get: () => Promise.resolve(line),
    },
    conversations: {
      get: () => chat,
      update: async (work: (unit: unknown) => Promise<unknown>) => {
        // The write of the move held the conversation when the answer came.
        if (published.length === 1) chat.record = { ...chat.record, channelId: present };
        return await work({
          conversation: () => Promise.resolve(chat),
          delete: (_store: string, key: string) => deleted.push(key),
          put: () => {},
        });
      },
    },
    mls: { sealMessage: () => Promise.resolve({ newState: chat.state, envelope: new Uint8Array(4) }) },
    rpc: {
      openAhead: () => {},
      call: (_method: unknown, { channelId }: { channelId: Uint8Array }) => {
        published.push(channelId);
        return Promise.resolve({ receivedMs: 1 });
      },
    },
    events: createConversationEvents(),
    environment: { after: () => 0, now: () => 0, random: () => 0 },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => Promise.resolve(),
  });
  await outbox.load();
  outbox.connected();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(published, [left, present]);
  assert.deepEqual([deleted, settled, outbox.waiting], [[`${chatId}/1`], 1, 0], "only the second answer counts");
  outbox.close();
});

Deno.test("Outbox seals a request to leave behind what is not sealed in the present epoch", async () => {
  const sent = async (...places: { kind: "message" | "leave"; sealedIn: number | undefined }[]) => {
    const asked = new Set<string>();
    const chat = {
      id: chatId,
      storageId: chatId,
      lines: [],
      record: {
        standing: { kind: "member" },
        epoch: 2,
        channelId: new Uint8Array(32).fill(7),
        members: [],
        ownSent: 0,
      },
      state: { epoch: 2n },
      members: () => [],
      moveRatchet: () => {},
      set: () => {},
      reservePlace: () => "1",
      changes: { newestStart: () => "1", notePlace: () => {}, move: () => false },
    };
    const content = encodeMimiContent(textKind.write({ text: "x" }, new Uint8Array(16)));
    const seal = (kind: "message" | "leave") => {
      if (kind === "leave") asked.add(kind);
      else if (asked.size > 0) throw new GroupUsageError("pending-leaves", "");
      return Promise.resolve({ newState: chat.state, envelope: new Uint8Array(4) });
    };
    const record = ({ kind, sealedIn }: (typeof places)[number], index: number) => ({
      messageId: `${index}`.padStart(32, "0"),
      order: `${index}`,
      kind,
      content,
      ...(sealedIn !== undefined && { sealed: { epoch: sealedIn, envelope: new Uint8Array(3) } }),
    });
    const published: number[] = [];
    const events = createConversationEvents();
    let blocked = 0;
    events.on("blockedByCommit", () => blocked++);
    const afterwards: (() => void)[] = [];
    const unit = {
      conversation: () => Promise.resolve(chat),
      delete: () => {},
      put: () => {},
      onceStored: (run: () => void) => afterwards.push(run),
      ifInDoubt: () => {},
    };
    const stored = places.filter(({ kind, sealedIn }) => kind === "message" || sealedIn !== undefined);
    if (stored.some(({ kind }) => kind === "leave")) asked.add("leave");
    const context = {
      account: { clock: { now: () => 0 } },
      store: {
        range: () =>
          Promise.resolve(stored.map((place, index) => ({ key: "", value: { chatId, ...record(place, index) } }))),
        get: () => Promise.resolve(undefined),
      },
      conversations: { get: () => chat, update: (work: (unit: unknown) => Promise<unknown>) => work(unit) },
      mls: { sealMessage: () => seal("message"), sealLeave: () => seal("leave") },
      rpc: {
        openAhead: () => {},
        call: (_method: unknown, params: { messageId: Uint8Array } | { messages: { messageId: Uint8Array }[] }) => {
          const messages = "messages" in params ? params.messages : [params];
          published.push(...messages.map(({ messageId }) => messageId.at(-1)!));
          return Promise.resolve({ receivedMs: 1, answers: messages.map(() => ({ code: 0, receivedMs: 1 })) });
        },
      },
      events,
      environment: { after: () => () => {}, now: () => 0, random: () => 0 },
    };
    const outbox = new Outbox(context as unknown as SyncContext, {
      blockedBy: () => Promise.resolve(undefined),
      requireUnchanged: () => Promise.resolve(),
    });
    await outbox.load();
    if (stored.length < places.length) {
      const last = record(places.at(-1)!, places.length - 1);
      await outbox.enqueue(unit as unknown as UnitOfWork, chat as unknown as ConversationTransaction, last);
      for (const run of afterwards.splice(0)) run();
    }
    outbox.connected();
    await new Promise((resolve) => setTimeout(resolve, 20));
    outbox.close();
    return { published, blocked };
  };
  const message = (sealedIn?: number) => ({ kind: "message" as const, sealedIn });
  const leave = (sealedIn?: number) => ({ kind: "leave" as const, sealedIn });
  const inOrder = { published: [0, 1, 2], blocked: 0 };
  assert.deepEqual(await sent(message(), message(), leave()), inOrder, "not sealed yet");
  assert.deepEqual(await sent(message(1), message(1), leave()), inOrder, "sealed in an epoch that is over");
  assert.deepEqual(await sent(message(2), message(2), leave()), inOrder);
  assert.deepEqual(await sent(message(2), message(2), leave(2)), inOrder);
  const behind = await sent(message(), leave(2));
  assert.deepEqual(behind, { published: [], blocked: 1 }, "the request has to be made anew, behind the message");
});

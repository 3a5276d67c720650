/**
 * Gives a resend to each device alone that was there at its first sending, while a device that came later keeps it from
 * going to the group (GRP-6.8, specification §3.8). So one new phone does not stop recovery.
 *
 * The message stays in the outbox for 7 days. If the later devices go meanwhile, it goes to the group as well;
 * receivers tell the repeat by its id.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import { devicesThere } from "../conversation/device_history.ts";
import { resendForMs } from "../conversation/records.ts";
import { type OutboxRecord, outboxToStored } from "../conversation/outbox_record.ts";
import { isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { canBeGiven, give } from "../device_messages/given.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import type { Outbox } from "./outbox.ts";
import { outboxKey } from "./publisher.ts";

/** Devices that one message is given to at once. */
const devicesAtOnce = 4;
/** After this time, in ms, devices whose queue was full are tried again. */
const tryAgainMs = 10 * 60_000;

/** Gives the held resends of conversations. */
export class ResendAlone {
  readonly #context: SyncContext;
  readonly #outbox: Pick<Outbox, "held" | "lineChanged" | "maySend">;
  readonly #runs = new SingleFlight();
  readonly #timers: Timers;

  constructor(context: SyncContext, outbox: Pick<Outbox, "held" | "lineChanged" | "maySend">) {
    this.#context = context;
    this.#outbox = outbox;
    this.#timers = new Timers(context.environment);
  }

  close(): void {
    this.#timers.close();
  }

  /** Looks into all conversations. @throws StorageError, TransportError, WireError */
  async connected(): Promise<void> {
    for (const { id } of this.#context.conversations.all()) await this.look(id);
  }

  /** Gives what a conversation holds and has not given yet. @throws StorageError, TransportError, WireError */
  async look(chatId: string): Promise<void> {
    await this.#runs.run(chatId, () => this.#give(chatId));
  }

  async #give(chatId: string): Promise<void> {
    const { conversations, mls } = this.#context;
    await this.#giveUp(chatId);
    const due = this.#outbox.held(chatId).filter(({ toGive }) => toGive === undefined || toGive.length > 0);
    const record = conversations.get(chatId)?.record;
    if (due.length === 0 || !record || !isMember(record) || !await this.#outbox.maySend(chatId)) return;
    const state = await conversations.withState(chatId);
    const members = await this.#others(state ? mls.members(state) : []);
    // A queue that takes one message no more takes none behind it: each try would cost a seal and a call.
    const full = new Set<string>();
    for (const message of due) {
      const left = await this.#giveOne(message, members, full);
      await this.#note(message, left);
      if (left.length > 0) {
        this.#timers.start(chatId, tryAgainMs, () => void this.look(chatId).catch(() => {}));
      }
    }
  }

  /** What has waited for 7 days waits no more. A line says how much of it has not reached every device. */
  async #giveUp(chatId: string): Promise<void> {
    const { account, conversations } = this.#context;
    const nowMs = account.clock.now();
    const old = this.#outbox.held(chatId).filter(({ resendSinceMs = nowMs }) => resendSinceMs + resendForMs < nowMs);
    if (old.length === 0) return;
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) return;
      for (const message of old) unit.delete("outbox", outboxKey(message));
      const lacking = old.filter(({ toGive }) => toGive === undefined || toGive.length > 0).length;
      if (lacking > 0) conversation.notice("not-resent", { count: String(lacking) }, nowMs);
      unit.onceStored(() => old.forEach(({ order }) => this.#outbox.lineChanged(chatId, order, true)));
    });
  }

  /** @returns the members that may get it, by recipientKey as hex */
  async #others(members: Member[]): Promise<Map<string, Member>> {
    const { account } = this.#context;
    const others = new Map<string, Member>();
    for (const member of members) {
      if (!await isKnownRevoked(this.#context, member.credential)) others.set(toHex(member.recipientKey), member);
    }
    others.delete(toHex(account.recipientKey));
    return others;
  }

  /** @returns the devices that lack the message still */
  async #giveOne(message: OutboxRecord, members: Map<string, Member>, full: Set<string>): Promise<string[]> {
    const { chatId, messageId, content, firstSent, toGive } = message;
    const record = this.#context.conversations.get(chatId)?.record;
    if (!record || !firstSent) return [];
    const there = devicesThere(record, [...members.keys()], firstSent);
    const devices = there.filter((device) => toGive?.includes(device) !== false);
    if (!canBeGiven(content)) return devices;
    const taken = await mapWithConcurrency(
      devices,
      devicesAtOnce,
      async (device) =>
        !full.has(device) &&
        await give(this.#context, record, members.get(device)!, { messageId, sent: firstSent, content }),
    );
    const left = devices.filter((_, index) => !taken[index]);
    for (const device of left) full.add(device);
    return left;
  }

  async #note(message: OutboxRecord, left: string[]): Promise<void> {
    const { chatId } = message;
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !this.#outbox.held(chatId).includes(message)) return;
      message.toGive = left;
      unit.put("outbox", outboxKey(message), outboxToStored(message), { channelId: conversation.storageId });
    });
  }
}

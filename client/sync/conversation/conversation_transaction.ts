/** One conversation while a unit of work changes it: a copy that is written as a whole or not at all. */

import { type Bytes, equalBytes, fromHex } from "../../../schema/bytes.ts";
import { commonFeatures, type GroupState, type Member, type MessageRecord, type Mls } from "../../mls/group.ts";
import type { NoticeKind } from "../../api/engine_api.ts";
import { devicesIn } from "./device_history.ts";
import { type Arrival, LineChanges, type NewLine } from "./line_changes.ts";
import { accountsOf } from "./membership_diff.ts";
import { movedFields } from "./moved_fields.ts";
import { type ConversationRecord, keys, type LineRecord, type PendingRecord, rememberedCommits } from "./records.ts";
import { conversationToStored } from "./stored_conversation.ts";
import { readdedAfter } from "./readded_devices.ts";
import { type Desync, ended, shown, withDesync, withoutDesync } from "./standing.ts";
import { type RecordWriter, StateRecords } from "./state_records.ts";

/** A conversation as it is on disk. Never changed in place. */
export interface Conversation {
  readonly id: string;
  readonly record: ConversationRecord;
  /** The members in their own record on disk; undefined when there is none yet. */
  readonly storedMembers?: ConversationRecord["members"];
  /** The same of its devices. */
  readonly storedDevices?: ConversationRecord["devices"];
  /** Decoded when first needed. */
  readonly state: GroupState | undefined;
  /** Keys of the epoch's ratchet records, to delete with the epoch. Known once the state is decoded. */
  readonly ratchetKeys: ReadonlySet<string>;
  readonly pending: PendingRecord | undefined;
  /** The group's state version on disk. */
  readonly version: number;
}

/** A conversation while it changes. The changes are written with the unit's transaction, or not at all. */
export class ConversationTransaction {
  readonly id: string;
  readonly version: number;
  readonly #mls: Mls;
  readonly #storedMembers: ConversationRecord["members"] | undefined;
  readonly #storedDevices: ConversationRecord["devices"];
  #record: ConversationRecord;
  #state: GroupState | undefined;
  #pending: PendingRecord | undefined;
  readonly #stateRecords: StateRecords;
  #pendingChanged = false;
  #recordChanged = false;
  /** The request to leave that the server has taken is of no more use. */
  #isLeaveOver = false;
  #changed = false;
  /** What happens to its lines. */
  readonly changes: LineChanges;
  deleted = false;

  /**
   * @param arrival the entry that the unit handles now, if any
   * @param username this account's
   */
  constructor(
    conversation: Conversation,
    mls: Mls,
    arrival: () => Arrival | undefined = () => undefined,
    username = "",
  ) {
    this.id = conversation.id;
    this.version = conversation.version;
    this.#mls = mls;
    this.#record = { ...conversation.record };
    this.#storedMembers = conversation.storedMembers;
    this.#storedDevices = conversation.storedDevices;
    this.#state = conversation.state;
    this.#pending = conversation.pending;
    this.#stateRecords = new StateRecords(mls, conversation.ratchetKeys);
    this.changes = new LineChanges(this, arrival, username);
  }

  get record(): Readonly<ConversationRecord> {
    return this.#record;
  }

  /** The chat's id as bytes: records are sealed with it. The present channel is `record.channelId`, another id. */
  get storageId(): Bytes {
    return fromHex(this.id);
  }

  get state(): GroupState | undefined {
    return this.#state;
  }

  get pending(): PendingRecord | undefined {
    return this.#pending;
  }

  /** New and changed lines, for listeners. */
  get lines(): readonly LineRecord[] {
    return this.changes.lines;
  }

  get changed(): boolean {
    return this.#changed || this.lines.length > 0 || this.changes.erased.length > 0;
  }

  /**
   * Starts the chat with a new record. What this unit has put into the chat before stays. The caller calls
   * {@link enterEpoch} next.
   */
  begin(record: ConversationRecord): void {
    this.#record = { ...record };
    this.#recordChanged = true;
    this.#changed = true;
    this.deleted = false;
  }

  set(fields: Partial<ConversationRecord>): void {
    this.#record = { ...this.#record, ...fields };
    this.#recordChanged = true;
    this.#changed = true;
  }

  /** An entry could not be followed. */
  fallOutOfStep(desync: Desync): void {
    this.set({ standing: withDesync(this.#record.standing, desync) });
  }

  /** This device can follow the group again. */
  backInStep(): void {
    this.set({ standing: withoutDesync(this.#record.standing) });
  }

  /** The channel is on the server: views show the conversation from now on. */
  show(): void {
    this.set({ standing: shown(this.#record.standing) });
  }

  /** This device is out of the group. */
  end(): void {
    this.#isLeaveOver = true;
    this.set({ standing: ended(this.#record.standing), leaving: false });
  }

  setPending(pending: PendingRecord | undefined): void {
    this.#pending = pending;
    this.#pendingChanged = true;
    this.#changed = true;
  }

  /** A message moved one ratchet. @param consumed spent secrets, overwritten once the new state is on disk */
  moveRatchet(state: GroupState, record: MessageRecord, consumed: Uint8Array[] = []): void {
    this.#state = state;
    this.#stateRecords.move(record, consumed);
    this.#changed = true;
  }

  /**
   * A commit was merged or a group joined. A new epoch record replaces the old one and its ratchet records.
   *
   * @param commitId hex
   * @param takenMs when the server took the commit. Its word counts for the pause between renewals alone
   */
  enterEpoch(
    state: GroupState,
    nowMs: number,
    commitId: string,
    consumed: Uint8Array[] = [],
    takenMs: number = nowMs,
  ): void {
    const epoch = Number(state.epoch);
    // Another epoch has made it void.
    if (this.#record.leaving || !state.active) this.#isLeaveOver = true;
    const isFresh = this.#mls.hasFreshLeaf(state, this.#state);
    const devices = state.active ? devicesIn(this.#mls, this.#record.devices, this.#state, state) : undefined;
    this.#state = state;
    this.#stateRecords.enterEpoch(consumed);
    const members = state.active ? accountsOf(this.members()) : this.#record.members;
    const { name, data } = this.#mls.info(state);
    const commits = [...this.#record.commits, { n: epoch, commitId }].slice(-rememberedCommits);
    const { standing } = this.#record;
    this.set({
      epoch,
      epochSinceMs: Math.min(takenMs, nowMs),
      ...(isFresh && { leafSinceMs: nowMs, ownSent: 0 }),
      members,
      ...(state.active && this.#featuresNow()),
      ...(devices && { devices }),
      name,
      data,
      commits,
      standing: state.active ? standing : ended(standing),
    });
  }

  /**
   * Notes that the commit of the present epoch re-added devices, or that a re-added device made it. Their
   * older requests must not be carried out any more.
   *
   * @param committer of that commit
   */
  noteReadded(devices: Member[], committer: Member): void {
    const readded = readdedAfter(this.#record, devices, committer);
    if (readded) this.set({ readded });
  }

  /**
   * The conversation continues in another channel, and that channel's state replaces the old one. Of a
   * waiting plan, only a user's changes stay.
   *
   * @param at when it moves, by this device's clock, and when the server took the replacement, in ms
   * @param commitId hex
   * @param superseded hex: the replaced channel; this device may never have been in it
   */
  moveTo(
    channelId: Bytes,
    state: GroupState,
    at: { hereMs: number; serverMs: number },
    commitId: string,
    superseded: string,
  ): void {
    this.set(movedFields(this.#record, channelId, superseded, at));
    this.restartPlan();
    this.enterEpoch(state, at.hereMs, commitId);
  }

  /** The bytes of a waiting commit are void. A user's changes are built again. */
  restartPlan(): void {
    if (!this.#pending) return;
    const { plan, attempt } = this.#pending;
    this.setPending(["add", "remove", "info"].includes(plan.purpose) ? { plan, attempt: attempt + 1 } : undefined);
  }

  /** Deletes the group's secrets, which are of no more use. The history stays. */
  forgetState(): void {
    this.#stateRecords.forget();
    this.#state = undefined;
    this.#changed = true;
  }

  /** Sets the state of a group that the server does not know yet. */
  start(state: GroupState): void {
    this.#state = state;
    this.#stateRecords.start();
    const devices = devicesIn(this.#mls, undefined, undefined, state);
    this.set({
      epoch: Number(state.epoch),
      members: accountsOf(this.#mls.members(state)),
      devices,
      data: this.#mls.info(state).data,
      ...this.#featuresNow(),
    });
  }

  /** What every leaf names, and what the own one does. */
  #featuresNow(): Pick<ConversationRecord, "features" | "ownFeatures"> {
    const members = this.members();
    const own = members.find(({ recipientKey }) => equalBytes(recipientKey, this.#state!.ownRecipientKey));
    return { features: commonFeatures(members), ownFeatures: own?.features ?? [] };
  }

  members(): Member[] {
    return this.#state ? this.#mls.members(this.#state) : [];
  }

  /**
   * Puts a line into the conversation: at its entry's place in the channel's order, else behind all that have one.
   *
   * @param countsAsUnread for messages
   * @param kept a place that was reserved for the line
   * @returns its place
   */
  append(line: NewLine<LineRecord>, countsAsUnread = false, kept?: string): string {
    return this.changes.append(line, countsAsUnread, kept);
  }

  /** @returns a place that no other line will get: of the entry's, for a line that comes later */
  reservePlace(): string {
    return this.changes.reservePlace();
  }

  notice(notice: NoticeKind, values: Record<string, string>, atMs: number): void {
    this.append({ kind: "notice", notice, values, atMs });
  }

  /** Changes an existing line. The chat list follows when it is the newest message. */
  change(line: LineRecord): void {
    this.changes.change(line);
    this.#changed = true;
  }

  /** Forgets the chat with all of its records but the history, when its first commit fails. */
  remove(): void {
    this.deleted = true;
    this.#changed = true;
  }

  /** Puts all changes into the unit's write. */
  writeTo(unit: RecordWriter): void {
    if (!this.changed) return;
    if (this.deleted) {
      for (const store of ["groups", "epochs", "pending"] as const) unit.delete(store, this.id);
      const { pastEpochs, ownChanges, othersAdditions, sentLeave, members, devices, receipts } = keys;
      for (const key of [pastEpochs, ownChanges, othersAdditions, sentLeave, members, devices, receipts]) {
        unit.delete("epochs", key(this.id));
      }
      this.#stateRecords.deleteAll(unit, this.id);
      return;
    }
    const context = { channelId: this.storageId, epoch: this.#record.epoch, stateVersion: this.version + 1 };
    if (this.#recordChanged) {
      const { members, devices } = this.#record;
      unit.put("groups", this.id, conversationToStored(this.#record), context);
      if (members !== this.#storedMembers) {
        unit.put("epochs", keys.members(this.id), members, { channelId: this.storageId });
      }
      if (devices && devices !== this.#storedDevices) {
        unit.put("epochs", keys.devices(this.id), devices, { channelId: this.storageId });
      }
    }
    if (this.#isLeaveOver) unit.delete("epochs", keys.sentLeave(this.id));
    this.#stateRecords.writeTo(unit, this.id, this.#state, context);
    this.changes.writeTo(unit, this.id, this.storageId);
    if (this.#pendingChanged) {
      if (this.#pending) unit.put("pending", this.id, this.#pending, context);
      else unit.delete("pending", this.id);
    }
  }

  /** @returns the conversation as memory holds it after the write */
  result(): Conversation {
    const { members, devices } = this.#recordChanged
      ? this.#record
      : { members: this.#storedMembers, devices: this.#storedDevices };
    return {
      id: this.id,
      record: this.#record,
      ...(members && { storedMembers: members }),
      ...(devices && { storedDevices: devices }),
      state: this.#state,
      ratchetKeys: this.#stateRecords.ratchetKeys,
      pending: this.#pending,
      version: this.changed ? this.version + 1 : this.version,
    };
  }
}

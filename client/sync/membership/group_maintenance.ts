/**
 * Keeps groups in order without a user's request (specification §3.4, §3.6).
 *
 * It commits leaves, removes revoked devices and has new ones added (device_adder.ts). Keys are renewed in
 * leaf_renewal.ts.
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import type { DeviceList } from "../../../schema/device_list.ts";
import type { KnownAccount } from "../../account/types.ts";
import type { GroupState, Member } from "../../mls/group.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { KeyPackageFetch } from "./key_package_fetch.ts";
import type { Membership } from "./membership.ts";
import type { CommitPlan } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { isMember } from "../conversation/standing.ts";
import { DeviceAdder } from "./device_adder.ts";
import { type DeviceListDiff, deviceListDiffOf } from "./device_list_diff.ts";
import { redoOwnChanges } from "./own_changes.ts";
import { repairServerList } from "./server_list_repair.ts";
import { removalDelayMs } from "./turns.ts";

/** The longest random delay before another's leave is committed, in ms. */
const leaveDelayMs = 2_000;
/** How long a device that replaces a revoked one has to upload KeyPackages, in ms. */
const replacementWaitMs = 20_000;

function accountsOf(members: Member[]): Set<string> {
  return new Set(members.map(({ credential }) => toHex(credential.accountKey)));
}

/** The upkeep of groups: it adds new devices, removes revoked ones and commits leaves. */
export class GroupMaintenance {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #membership: Membership;
  readonly #adder: DeviceAdder;
  readonly #stateLost: (chatId: string) => void;
  readonly #damaged: (chatId: string) => void;
  /** Chats with a revoked member. Nothing is sent there before it is removed. */
  readonly #hasRevokedMember = new Set<string>();
  /** Chats in which a device that replaces a revoked one has a moment, and until when, in ms. */
  readonly #waitingUntil = new Map<string, number>();
  readonly #timers: Timers;
  readonly #unwatch: () => void;
  #working = 0;
  #closed = false;

  /**
   * @param when.stateLost called for a group whose MLS state is gone or can not be read
   * @param when.damaged called for a group in whose tree a key stands twice: no commit can be made there
   */
  constructor(
    context: SyncContext,
    parts: { committer: Committer; membership: Membership; keyPackages: KeyPackageFetch },
    when: { stateLost(chatId: string): void; damaged(chatId: string): void },
  ) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#committer = parts.committer;
    this.#membership = parts.membership;
    this.#adder = new DeviceAdder(context, {
      committer: parts.committer,
      keyPackages: parts.keyPackages,
      diffOf: (conversation) => this.#deviceListDiff(conversation),
    });
    this.#stateLost = when.stateLost;
    this.#damaged = when.damaged;
    this.#unwatch = context.account.directory.watch(({ accountKey }) =>
      void this.#listChanged(toHex(accountKey)).catch(() => {})
    );
  }

  /** Whether background work is in progress or due. */
  get busy(): boolean {
    return this.#working > 0 || this.#timers.size > 0 || this.#adder.busy;
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#timers.close();
    this.#adder.close();
  }

  /**
   * Whether a revoked device must be removed before a message may be sealed. The stored lists decide, so a
   * server that does not answer changes nothing.
   *
   * @param members of the state that would seal
   */
  async hasRevokedMember(chatId: string, members: Member[]): Promise<boolean> {
    const isThere = deviceListDiffOf(members, await this.#lists(members)).revoked.length > 0;
    // Another member was faster than this device's turn.
    if (!isThere && this.#timers.has(`turn/${chatId}`)) {
      this.#timers.cancel(`turn/${chatId}`);
      this.#hasRevokedMember.delete(chatId);
    }
    return isThere || this.#hasRevokedMember.has(chatId);
  }

  /** An account has a newer device list: its groups are reconciled, whichever part has fetched the list. */
  async #listChanged(accountKey: string): Promise<void> {
    for (const { id, record } of this.#context.conversations.all()) {
      if (record.members.some((member) => member.accountKey === accountKey)) await this.#reconcileOne(id);
    }
  }

  /** The user has taken an invitation: the account's other devices come in, too. */
  accepted(chatId: string): void {
    void this.#reconcileOne(chatId).catch(() => {});
  }

  /** The server has given this device its turn to mend a group for an account (specification §4.11). */
  giveTurn(chatId: string, accountKey: string, turn: number): void {
    this.#adder.giveTurn(chatId, accountKey, turn);
  }

  /** Reconciles chats with the stored lists, after an account was looked at. @throws StorageError */
  async looked(chatIds: string[]): Promise<void> {
    for (const chatId of chatIds) await this.#reconcileOne(chatId);
  }

  async #reconcileOne(chatId: string): Promise<void> {
    const record = this.#context.conversations.get(chatId)?.record;
    if (!record || !isMember(record) || record.leaving) return;
    const state = await this.#context.conversations.withState(chatId);
    if (this.#closed || !state?.active) return;
    const members = this.#context.mls.members(state);
    const lists = await this.#lists(members);
    await this.#reconcile(chatId, state, lists, deviceListDiffOf(members, lists));
  }

  /** A member asked to leave: the first member that is online commits the removal. */
  leaveProposed(chatId: string): void {
    this.#later(`leave/${chatId}`, this.#context.environment.random() * leaveDelayMs, () => this.commitLeaves(chatId));
  }

  /**
   * Commits stored leave proposals and removes revoked devices now, because a message waits for that. The
   * same commit adds the devices that replace a revoked one. Else an account with a single device would drop
   * out of the chat. A device that has just signed in has no KeyPackages yet: it gets a moment to upload them.
   */
  async commitLeaves(chatId: string): Promise<void> {
    // Revoked devices are removed even where the new devices have no usable KeyPackage.
    const done = await this.#commitLeaves(chatId, true).catch(() => false);
    const nowMs = this.#context.environment.now();
    const untilMs = this.#waitingUntil.get(chatId) ?? nowMs + replacementWaitMs;
    if (done === "too early" && nowMs < untilMs) {
      this.#waitingUntil.set(chatId, untilMs);
      return this.#later(`mend/${chatId}`, untilMs - nowMs, () => this.commitLeaves(chatId));
    }
    if (done !== true) await this.#commitLeaves(chatId, false);
    this.#waitingUntil.delete(chatId);
    this.#hasRevokedMember.delete(chatId);
  }

  /**
   * A message can not be sealed before the next epoch. If it is this device's own request to leave that stands
   * before it, an update makes the request void, and it is made again behind the message.
   */
  async unblockSending(chatId: string): Promise<void> {
    const { conversations, mls } = this.#context;
    const ownRequestAlone = (state: GroupState | undefined) => {
      const leaving = state?.active ? mls.pendingLeaves(state) : [];
      return leaving.length > 0 && leaving.every(({ leafIndex }) => leafIndex === state?.ownLeafIndex);
    };
    if (!ownRequestAlone(await conversations.withState(chatId))) return await this.commitLeaves(chatId);
    await this.#committer.commit(
      chatId,
      ({ state }) => ownRequestAlone(state) ? { purpose: "update", add: [], remove: [] } : undefined,
    );
  }

  /** @returns "too early" where the commit would put an account out whose new device can not be added yet */
  async #commitLeaves(chatId: string, withReplacements: boolean): Promise<true | "too early"> {
    let isEarly = false;
    await this.#committer.commit(chatId, async (conversation) => {
      const { missing, revoked } = await this.#deviceListDiff(conversation);
      const add: CommitPlan["add"] = [];
      for (const accountKey of withReplacements ? accountsOf(revoked) : []) {
        const replacing = missing.filter((device) => device.accountKey === accountKey);
        const found = await this.#adder.packagesOf(replacing).catch(() => []);
        const stays = conversation.members().some(({ credential, leafIndex }) =>
          toHex(credential.accountKey) === accountKey && revoked.every((member) => member.leafIndex !== leafIndex)
        );
        isEarly ||= !stays && replacing.length > 0 && found.length === 0;
        add.push(...found);
      }
      if (isEarly) return undefined;
      return { purpose: "leaves", add, remove: revoked.map(({ recipientKey }) => recipientKey) };
    });
    return isEarly ? "too early" : true;
  }

  /**
   * The server's list of members differs from the group's (server_member_list.ts). The first member that is
   * connected tells the server the right list with its next commit.
   */
  serverDiffers(chatId: string): void {
    this.#later(
      `repair/${chatId}`,
      this.#context.environment.random() * leaveDelayMs,
      () => repairServerList(this.#context, this.#committer, (devices) => this.#adder.packagesOf(devices), chatId),
    );
  }

  /** Repeats own additions and removals that a move into a replacement channel has undone (fork_point.ts). */
  redo(chatId: string): void {
    if (this.#context.conversations.get(chatId)?.record.redo) {
      this.#later(`redo/${chatId}`, 0, () => redoOwnChanges(this.#context, this.#membership, chatId));
    }
  }

  /**
   * Fetches the newest device lists of all accounts in the chats, and reconciles the groups. Devices of the
   * own account come at once, others after a random delay; revoked ones go in turn.
   *
   * @throws EngineError when the directory can not be asked
   */
  async checkDevices(): Promise<void> {
    const conversations = this.#context.conversations.all().filter(({ record }) => isMember(record) && !record.leaving);
    const accounts = new Set(conversations.flatMap(({ record }) => record.members.map(({ accountKey }) => accountKey)));
    accounts.add(this.#context.ownKey);
    // The stored lists come first: a server that does not answer keeps no device in a group that is known to
    // be revoked.
    await this.#reconcileAll(conversations.map(({ id }) => id), true);
    await this.#context.account.directory.refresh([...accounts].map(fromHex));
    await this.#reconcileAll(conversations.map(({ id }) => id), false);
  }

  /** @param revokedOnly only removes revoked devices; missing ones wait for the newest lists */
  async #reconcileAll(chatIds: string[], revokedOnly: boolean): Promise<void> {
    for (const id of chatIds) {
      if (this.#closed) return;
      const state = await this.#context.conversations.withState(id);
      if (!state) this.#stateLost(id);
      if (state && this.#context.mls.damage(state)) {
        this.#damaged(id);
        continue;
      }
      if (!state?.active || this.#context.mls.pendingLeaves(state).length > 0) {
        if (state?.active) this.leaveProposed(id);
        continue;
      }
      const members = this.#context.mls.members(state);
      const lists = await this.#lists(members);
      const diff = deviceListDiffOf(members, lists);
      await this.#reconcile(id, state, lists, revokedOnly ? { ...diff, missing: [] } : diff);
    }
  }

  async #reconcile(
    chatId: string,
    state: GroupState,
    lists: ReadonlyMap<string, DeviceList>,
    { missing, revoked }: DeviceListDiff,
  ): Promise<void> {
    if (revoked.length > 0) this.removeRevoked(chatId, this.#turnInMs(chatId, revoked));
    // A stranger's group gets no KeyPackage and no commit of this device before its user has accepted the invitation.
    // So a chat that an own device adds another one to is one that the account has taken.
    if (missing.length === 0 || this.#context.conversations.get(chatId)?.record.invitation !== false) return;
    const accounts = new Set(missing.map(({ accountKey }) => accountKey));
    await this.#adder.missing(
      chatId,
      { channelId: state.channelId, members: this.#context.mls.members(state) },
      [...lists].filter(([accountKey]) => accounts.has(accountKey)).map(([, list]) => list),
    );
  }

  /** @returns ms until the first turn that the server gave for one of these accounts; undefined without one */
  #turnInMs(chatId: string, revoked: Member[]): number | undefined {
    const turns = revoked.map(({ credential }) => this.#adder.turnInMs(chatId, toHex(credential.accountKey)));
    const given = turns.filter((turn) => turn !== undefined);
    return given.length > 0 ? Math.min(...given) : undefined;
  }

  async #deviceListDiff(conversation: ConversationTransaction): Promise<DeviceListDiff> {
    const members = conversation.members();
    return deviceListDiffOf(members, await this.#lists(members));
  }

  async #lists(members: Member[]): Promise<Map<string, DeviceList>> {
    const keys = new Map(members.map(({ credential }) => [toHex(credential.accountKey), credential.accountKey]));
    const known = await Promise.all(
      [...keys.values()].map((accountKey) => this.#context.account.directory.byKey(accountKey)),
    );
    return new Map(
      known.filter((account): account is KnownAccount => account !== undefined && account.changedKey === undefined).map(
        ({ accountKey, devices }) => [toHex(accountKey), devices],
      ),
    );
  }

  /**
   * A revoked device is in the group: nothing is sent before it is removed (decision 030). One device removes it at
   * once. The others wait for their turn, or until they have something to send.
   *
   * @param turnMs this device's turn, where the server gave it one (specification §4.11)
   */
  removeRevoked(chatId: string, turnMs?: number): void {
    this.#hasRevokedMember.add(chatId);
    const hadTurn = this.#waitingUntil.has(chatId);
    if (hadTurn || turnMs !== undefined) {
      for (const name of ["mend", "turn"]) {
        this.#timers.cancel(`${name}/${chatId}`);
      }
    }
    if (this.#timers.has(`turn/${chatId}`)) return;
    this.#later(`mend/${chatId}`, turnMs ?? 0, async () => {
      const delayMs = hadTurn || turnMs !== undefined ? 0 : await this.#removalTurnMs(chatId);
      if (delayMs === 0) await this.commitLeaves(chatId);
      else this.#later(`turn/${chatId}`, delayMs, () => this.commitLeaves(chatId));
    });
  }

  async #removalTurnMs(chatId: string): Promise<number> {
    const state = await this.#context.conversations.withState(chatId);
    if (!state?.active) return 0;
    const members = this.#context.mls.members(state);
    const { revoked } = deviceListDiffOf(members, await this.#lists(members));
    return removalDelayMs(members, revoked, this.#context.account.recipientKey, state.channelId);
  }

  /** Runs background work. Failed work is tried again at the next connection. */
  #later(name: string, delayMs: number, work: () => Promise<void>): void {
    if (this.#closed || this.#timers.has(name)) return;
    this.#timers.start(name, delayMs, () => {
      this.#working++;
      work().catch(() => {}).finally(() => this.#working--);
    });
  }
}

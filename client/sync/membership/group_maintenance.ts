/**
 * Keeps groups in order without a user's request (specification §3.4, §3.6).
 *
 * It commits leaves, removes revoked devices and adds new ones. Keys are renewed in leaf_renewal.ts.
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import type { DeviceList } from "../../../schema/device_list.ts";
import { codeName, ErrorCode } from "../../../schema/rpc/errors.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { KnownAccount } from "../../account/types.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import type { GroupState, Member } from "../../mls/group.ts";
import { Timers } from "../../runtime/timers.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { KeyPackageFetch } from "./key_package_fetch.ts";
import type { Membership } from "./membership.ts";
import { type CommitPlan, type ConversationRecord, resendForMs } from "../conversation/records.ts";
import { serverListDiff } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isMember } from "../conversation/standing.ts";
import { type DeviceListDiff, deviceListDiffOf } from "./device_list_diff.ts";
import { removalDelayMs } from "./turns.ts";

/** The longest random delay before another's leave is committed, in ms. */
const leaveDelayMs = 2_000;
/** The longest random delay before another account's new device is added, in ms. */
const otherDeviceDelayMs = 10_000;
/** Refusals of a rule, which are not tried again. */
const forbidden: ReadonlySet<string> = new Set([LocalCode.notAllowed, codeName(ErrorCode.forbidden)]);

/** The upkeep of groups: it adds new devices, removes revoked ones and commits leaves. */
export class GroupMaintenance {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #membership: Membership;
  readonly #keyPackages: KeyPackageFetch;
  readonly #stateLost: (chatId: string) => void;
  readonly #damaged: (chatId: string) => void;
  /** Chats with a revoked member. Nothing is sent there before it is removed. */
  readonly #hasRevokedMember = new Set<string>();
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
    this.#keyPackages = parts.keyPackages;
    this.#stateLost = when.stateLost;
    this.#damaged = when.damaged;
    this.#unwatch = context.account.directory.watch(({ accountKey }) =>
      void this.#listChanged(toHex(accountKey)).catch(() => {})
    );
  }

  /** Whether background work is in progress or due. */
  get busy(): boolean {
    return this.#working > 0 || this.#timers.size > 0;
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#timers.close();
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
      if (
        !isMember(record) || record.leaving ||
        !record.members.some((member) => member.accountKey === accountKey)
      ) continue;
      const state = await this.#context.conversations.withState(id);
      if (this.#closed) return;
      if (!state?.active) continue;
      const members = this.#context.mls.members(state);
      this.#reconcile(id, deviceListDiffOf(members, await this.#lists(members)));
    }
  }

  /** A member asked to leave: the first member that is online commits the removal. */
  leaveProposed(chatId: string): void {
    this.#later(`leave/${chatId}`, this.#context.environment.random() * leaveDelayMs, () => this.commitLeaves(chatId));
  }

  /**
   * Commits stored leave proposals and removes revoked devices now, because a message waits for that. The
   * same commit adds the devices that replace a revoked one. Else an account with a single device would drop
   * out of the chat.
   */
  async commitLeaves(chatId: string): Promise<void> {
    // Revoked devices are removed even where the new devices have no usable KeyPackage.
    await this.#commitLeaves(chatId, true).catch(() => this.#commitLeaves(chatId, false));
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

  async #commitLeaves(chatId: string, withReplacements: boolean): Promise<void> {
    await this.#committer.commit(chatId, async (conversation) => {
      const { missing, revoked } = await this.#deviceListDiff(conversation);
      const accounts = new Set(revoked.map(({ credential }) => toHex(credential.accountKey)));
      const add = withReplacements
        ? await this.#packagesFor(missing.filter(({ accountKey }) => accounts.has(accountKey)))
        : [];
      return { purpose: "leaves", add, remove: revoked.map(({ recipientKey }) => recipientKey) };
    });
  }

  /**
   * The server's list of members differs from the group's (server_member_list.ts). The first member that is
   * connected tells the server the right list with its next commit.
   */
  serverDiffers(chatId: string): void {
    this.#later(`repair/${chatId}`, this.#context.environment.random() * leaveDelayMs, () => this.#repair(chatId));
  }

  async #repair(chatId: string): Promise<void> {
    const { conversations, mls, rpc } = this.#context;
    const record = conversations.get(chatId)?.record;
    const state = await conversations.withState(chatId);
    if (!record?.serverDiffers || desyncOf(record) || !isIn(record) || !state) return;
    const server = await rpc.call(delivery.channelState, { channelId: record.channelId });
    if (server.epoch !== Number(state.epoch)) return;
    const { missing, extra } = serverListDiff(mls.members(state), server.members);
    const own = mls.members(state).find(({ leafIndex }) => leafIndex === state.ownLeafIndex);
    // A member that the server dropped has missed a commit. It must be removed and added again, and without
    // its request only an admin may do that (GRP-3.3).
    const toReadd = own?.role === "admin"
      ? missing
      : missing.filter(({ credential }) => toHex(credential.accountKey) === this.#context.ownKey);
    if (toReadd.length + extra.length === 0) return;
    const add = await this.#packagesFor(
      toReadd.map(({ credential, recipientKey }) => ({
        accountKey: toHex(credential.accountKey),
        device: { deviceId: credential.deviceId, recipientKey },
      })),
    );
    await this.#committer.commit(
      chatId,
      (conversation) =>
        conversation.record.serverDiffers
          // A device whose KeyPackage can not be had stays where it is.
          ? { purpose: "repair", add, remove: add.map(({ recipientKey }) => recipientKey) }
          : undefined,
    );
  }

  /** Repeats own additions and removals that a move into a replacement channel has undone (fork_point.ts). */
  redo(chatId: string): void {
    if (this.#context.conversations.get(chatId)?.record.redo) {
      this.#later(`redo/${chatId}`, 0, () => this.#redo(chatId));
    }
  }

  async #redo(chatId: string): Promise<void> {
    const { conversations, account } = this.#context;
    const record = conversations.get(chatId)?.record;
    if (!record || !isIn(record) || desyncOf(record) || !record.redo) return;
    const left: NonNullable<ConversationRecord["redo"]> = { add: [], remove: [] };
    // Without a move it is a removal of a time when this device could not follow.
    const isOver = (record.movedMs ?? Infinity) + resendForMs < account.clock.now();
    for (const kind of isOver ? [] : ["remove", "add"] as const) {
      for (const username of record.redo[kind]) {
        const isThere = conversations.get(chatId)?.record.members.some((member) =>
          member.username === username
        ) === true;
        if (isThere !== (kind === "remove")) continue;
        // A change that the replacement's admins forbid this account is dropped. Any other failure is tried
        // again at the next connection.
        await (kind === "remove"
          ? this.#membership.removePerson(chatId, username)
          : this.#membership.addPeople(chatId, [username], () => {})).catch((error) => {
            if (!(error instanceof EngineError) || !forbidden.has(error.problem.code)) {
              left[kind].push(username);
            }
          });
      }
    }
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      // Out of step again: what the user has asked for stays noted.
      if (!conversation || desyncOf(conversation.record)) return;
      const { others } = conversation.record.redo ?? {};
      const all = others?.length ? { ...left, others } : left;
      conversation.set({ redo: others?.length || left.add.length + left.remove.length > 0 ? all : undefined });
    });
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
      const diff = deviceListDiffOf(
        this.#context.mls.members(state),
        await this.#lists(this.#context.mls.members(state)),
      );
      this.#reconcile(id, revokedOnly ? { ...diff, missing: [] } : diff);
    }
  }

  #reconcile(chatId: string, { missing, revoked }: DeviceListDiff): void {
    if (revoked.length > 0) this.removeRevoked(chatId);
    if (missing.length === 0) return;
    const own = missing.some(({ accountKey }) => accountKey === this.#context.ownKey);
    const delayMs = own ? 0 : this.#context.environment.random() * otherDeviceDelayMs;
    this.#later(`devices/${chatId}`, delayMs, () => this.#addDevices(chatId));
  }

  async #addDevices(chatId: string): Promise<void> {
    await this.#committer.commit(chatId, async (conversation) => {
      const { missing } = await this.#deviceListDiff(conversation);
      const add = await this.#packagesFor(missing);
      return add.length > 0 ? { purpose: "devices", add, remove: [] } : undefined;
    });
  }

  async #packagesFor(missing: DeviceListDiff["missing"]): Promise<CommitPlan["add"]> {
    // One device that can not be had must not keep the others out.
    const fetched = await Promise.allSettled(missing.map(async ({ accountKey, device }) => {
      const account = await this.#context.account.directory.byKey(fromHex(accountKey));
      return account ? await this.#keyPackages.ofDevices(account, [device]) : [];
    }));
    const found = fetched.flatMap((result) => result.status === "fulfilled" ? result.value : []);
    const failed = fetched.find((result) => result.status === "rejected");
    if (found.length === 0 && failed) throw failed.reason;
    return found;
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
   */
  removeRevoked(chatId: string): void {
    this.#hasRevokedMember.add(chatId);
    if (this.#timers.has(`turn/${chatId}`)) return;
    this.#later(`mend/${chatId}`, 0, async () => {
      const state = await this.#context.conversations.withState(chatId);
      const members = state?.active ? this.#context.mls.members(state) : [];
      const { revoked } = deviceListDiffOf(members, await this.#lists(members));
      const delayMs = state ? removalDelayMs(members, revoked, this.#context.account.recipientKey, state.channelId) : 0;
      if (delayMs === 0) await this.commitLeaves(chatId);
      else this.#later(`turn/${chatId}`, delayMs, () => this.commitLeaves(chatId));
    });
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

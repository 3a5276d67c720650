/**
 * Creates a replacement channel for a conversation (specification §3.5).
 *
 * It is due when all honest members refuse the commit that the server took, or when the server has gone back
 * in time. Only an admin's device creates one.
 */

import { type Bytes, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { GroupInfo, GroupState, Member } from "../../mls/group.ts";
import type { Committer } from "../commits/committer.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import { commitHistory, redoBoth } from "./fork_point.ts";
import type { PastEpoch } from "../conversation/epoch_history.ts";
import { type KeyPackageFetch, longestWaitMs } from "../membership/key_package_fetch.ts";
import { type CommitPlan, type ConversationRecord, keys } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { type DesyncCause, desyncOf, isIn } from "../conversation/standing.ts";
import { signReplacement } from "./replacement_maker.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { codeName, ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { buildFromPlan } from "../commits/commit_builder.ts";

/** Why a conversation needs another channel. */
export type ReplacementReason = "rejected-commit" | "server-behind" | "state-lost" | "damaged-keys";

/** {@link createReplacement} with its parts bound. */
export type CreateReplacement = (chatId: string, reason: ReplacementReason, below?: Bytes) => Promise<void>;

/** How many calls for KeyPackages run at once. */
const devicesAtOnce = 8;
/**
 * How many replacements this device makes in 24 h after commits that prove nobody. A member can send one after the
 * other. Each replacement takes a KeyPackage of every device, and the server gives an account 18 a day (specification
 * §4.8): some are left for the one without that member.
 */
export const maxReplacementsPerDay = 6;
const dayMs = 24 * 3_600_000;
/** How often a replacement is begun anew because others have made an epoch meanwhile. */
const mostTries = 3;

/**
 * Creates a replacement channel, and resolves when the conversation has moved.
 *
 * @param reason is shown to the members
 * @param below a channelId that the new one is to be smaller than, so that it wins (GRP-5.4), if there is room. It is
 *   smaller than that of the channel that it replaces, too, unless that one is very small
 * @param tries how often it may begin anew
 * @throws EngineError
 */
export async function createReplacement(
  context: SyncContext,
  committer: Committer,
  keyPackages: KeyPackageFetch,
  chatId: string,
  reason: ReplacementReason,
  below?: Bytes,
  tries = mostTries,
): Promise<void> {
  const { account, conversations, mls } = context;
  const [record, state] = [conversations.get(chatId)?.record, await conversations.withState(chatId)];
  const isUnderWay = () => conversations.all().some((other) => other.record.succeeds === chatId && isIn(other.record));
  if (!record || !isIn(record) || record.epoch === 0 || isUnderWay()) return;
  // A device that is out of step decides on it, but may have been helped or moved since.
  if (reason !== "server-behind" && reason !== "damaged-keys" && !desyncOf(record)) return;
  // Without a state, the remembered hash of the epoch is enough. Else the group would end when an admin's
  // device and the server fail at the same time.
  const past = await context.store.get<PastEpoch[]>("epochs", keys.pastEpochs(chatId)) ?? [];
  const transcriptHash = state ? mls.transcriptHash(state) : past.find(({ n }) => n === record.epoch)?.hash;
  if (!transcriptHash) return;
  const info = state ? mls.info(state) : infoOf(record, account.clock.now());
  const channelId = randomChannelId(
    below && hasRoomBelow(below) && toHex(below) < toHex(record.channelId) ? below : record.channelId,
  );
  const first = record.firstChannelId;
  const supersedes = await signReplacement(
    channelId,
    {
      channelId: record.channelId,
      lastEpoch: BigInt(record.epoch),
      transcriptHash,
      reason,
      commits: commitHistory(record.commits),
      ...(!equalBytes(first, record.channelId) && { firstChannelId: first }),
    },
    account.recipientKey,
    account.deviceSeed,
  );
  const out = leftOut(context, record, state);
  const recent = out.size === 0 ? spoiledToday(record, account.clock.now()) : undefined;
  requireRoomToday(context, recent);
  const { add, later } = await packagesOf(context, keyPackages, record, state && mls.members(state), out);
  const { name, kind, createdMs, data } = info;
  const roles = Object.fromEntries(Object.entries(info.roles ?? {}).filter(([account]) => !out.has(account)));
  const fresh = await mls.createGroup({
    channelId,
    keyPackage: await account.keyPackages.forOwnGroup(),
    info: { name, kind, createdMs, roles, ...(data && { data }), supersedes },
  });
  const candidate = candidateOf(record, chatId, channelId, account.clock.now());
  // Fetching the KeyPackages takes seconds. What the device has learned since would be undone.
  const isAsItWas = (now: Readonly<ConversationRecord> | undefined) =>
    now !== undefined && isIn(now) && equalBytes(now.channelId, record.channelId) &&
    (desyncOf(now) === undefined) === (desyncOf(record) === undefined);
  const isBuilt = await conversations.update(async (unit) => {
    const now = conversations.get(chatId)?.record;
    if (!isAsItWas(now) || now?.epoch !== record.epoch || isUnderWay()) return false;
    const conversation = await unit.create(candidate);
    conversation.start(fresh);
    const main = await unit.conversation(chatId);
    if (recent) main?.set({ spoiled: [...recent, account.clock.now()] });
    if (later.length > 0) main?.set({ redo: redoBoth(main.record.redo, { add: later, remove: [] }) });
    await buildFromPlan(context, conversation, { purpose: "create", add, remove: [] }, 0);
    return true;
  });
  if (isBuilt) return await committer.sendBuilt(toHex(channelId));
  // Only the epoch has changed: nobody would tell this device a second time that a replacement is due.
  if (tries > 1 && !desyncOf(record) && isAsItWas(conversations.get(chatId)?.record)) {
    await createReplacement(context, committer, keyPackages, chatId, reason, below, tries - 1);
  }
}

/** @param recent of {@link spoiledToday} @throws EngineError L035 */
function requireRoomToday(context: SyncContext, recent: number[] | undefined): void {
  if (!recent || recent.length < maxReplacementsPerDay) return;
  const problem = {
    code: LocalCode.brokenAgain,
    detail: "a member breaks the group again and again: it goes on when an admin has removed the member",
  };
  context.problem(problem);
  throw new EngineError(problem);
}

/** @returns the record of the channel until the conversation moves there: it is pending, and nobody sees it */
function candidateOf(
  record: Readonly<ConversationRecord>,
  chatId: string,
  channelId: Bytes,
  nowMs: number,
): ConversationRecord {
  const {
    keptBytes: _kept,
    reading: _reading,
    earlier: _earlier,
    superseded: _superseded,
    serverDiffers: _differs,
    ...kept
  } = record;
  return {
    ...kept,
    channelId,
    standing: { kind: "pending" },
    succeeds: chatId,
    // What the user asked for is of the conversation, not of the channel that may become its next one.
    leaving: false,
    epoch: 0,
    epochSinceMs: nowMs,
    ownSent: 0,
    commits: [],
    nextOrder: 0,
    unread: 0,
  };
}

/** Causes that one member can bring about again and again, and that do not prove who has. */
const spoiling: ReadonlySet<DesyncCause> = new Set([
  "header",
  "no-header",
  "commit-seal",
  "mls",
  "framing",
  "GRP-1.1",
  "GRP-1.2",
  "GRP-2.2",
  "GRP-3.3",
  "removed",
]);

/**
 * @returns when this device made such replacements in the last 24 h, in ms; undefined where the present one has another
 *   cause
 */
function spoiledToday(record: Readonly<ConversationRecord>, nowMs: number): number[] | undefined {
  const desync = desyncOf(record);
  if (!desync || !spoiling.has(desync.code)) return undefined;
  return (record.spoiled ?? []).filter((atMs) => Math.abs(nowMs - atMs) < dayMs);
}

/** Leading zero bytes of a channelId above which the next one is chosen anew: what is left must not repeat. */
const mostZeros = 16;

function hasRoomBelow(channelId: Uint8Array): boolean {
  const first = channelId.findIndex((byte) => byte > 0);
  return first >= 0 && first < mostZeros;
}

/** @returns 32 random bytes; as a number smaller than `below`, unless that is very small already */
export function randomChannelId(below: Uint8Array): Bytes {
  const id = crypto.getRandomValues(new Uint8Array(32));
  if (!hasRoomBelow(below)) return id;
  const first = below.findIndex((byte) => byte > 0);
  id.fill(0, 0, first);
  id[first] %= below[first];
  return id;
}

/**
 * The accounts that must not break the next channel as well: the one whose device is proven to have made the refused
 * commit, those whose own devices have one key (docs/decisions/031), and those that the user has removed while the
 * group stood still. An admin can add them again. A chat of two keeps both, and the own account stays: its devices are
 * revoked by its user.
 *
 * @returns account keys as hex
 */
function leftOut(
  { mls, ownKey }: SyncContext,
  record: Readonly<ConversationRecord>,
  state: GroupState | undefined,
): ReadonlySet<string> {
  if (record.kind === "direct" || !state) return new Set();
  const by = desyncOf(record)?.by;
  const committer = mls.members(state).find(({ recipientKey }) => toHex(recipientKey) === by);
  const out = new Set([
    ...(committer ? [toHex(committer.credential.accountKey)] : []),
    ...(mls.damage(state) ?? []),
    ...record.members.filter(({ username }) => record.redo?.remove.includes(username)).map(({ accountKey }) =>
      accountKey
    ),
  ]);
  out.delete(ownKey);
  return out;
}

function infoOf({ name, kind, members, data }: Readonly<ConversationRecord>, nowMs: number): GroupInfo {
  return {
    name,
    kind,
    createdMs: nowMs,
    ...(data && { data }),
    roles: Object.fromEntries(
      members.filter(({ role }) => role === "admin").map(({ accountKey, role }) => [accountKey, role]),
    ),
  };
}

/**
 * Fetches KeyPackages of every other device that can be reached. A device without a KeyPackage is added
 * later, like any missing device.
 *
 * @param members of the old group; without them, all devices of its accounts
 * @param out accounts as hex that are left out
 * @returns `later`: people of whose devices the server gives no KeyPackage to this account today. The group must not
 *   stand still for them: this device adds them when it can
 */
async function packagesOf(
  { account, ownKey }: SyncContext,
  keyPackages: KeyPackageFetch,
  record: Readonly<ConversationRecord>,
  members: Member[] | undefined,
  out: ReadonlySet<string>,
): Promise<{ add: CommitPlan["add"]; later: string[] }> {
  const known = record.invitation ? record.devices?.flatMap(({ devices }) => devices) : undefined;
  const there = members?.map(({ recipientKey }) => toHex(recipientKey)) ?? known;
  const present = there && new Set(there);
  // The server refuses a device that was revoked meanwhile. The one that took its place must not be left out.
  await account.directory.refresh(record.members.map(({ accountKey }) => fromHex(accountKey))).catch(() => {});
  const staying = record.members.filter(({ accountKey }) => !out.has(accountKey));
  const wanted = await Promise.all(staying.map(async ({ accountKey }) => {
    const known = await account.directory.byKey(fromHex(accountKey));
    const others = known?.devices.devices.filter(({ recipientKey }) =>
      !equalBytes(recipientKey, account.recipientKey)
    ) ?? [];
    const before = others.filter(({ recipientKey }) => present?.has(toHex(recipientKey)) !== false);
    // An own device that comes by this one would take the group for one that the account has taken (GRP-7.5).
    const isAsked = record.invitation && accountKey === ownKey;
    return (before.length > 0 || isAsked ? before : others).map((device) => ({ known: known!, device }));
  }));
  const limited = new Map<string, unknown>();
  const found = await mapWithConcurrency(
    wanted.flat(),
    devicesAtOnce,
    async ({ known, device }) =>
      await keyPackages.ofDevices(known, [device]).then((add) => add.map((one) => ({ ...one, known })), (error) => {
        if (isLimitOfDay(error)) limited.set(known.username, error);
        else if (!isGone(error)) throw error;
        return [];
      }),
  );
  const add = found.flat();
  for (const { known } of add) limited.delete(known.username);
  // Alone, or in a chat of two, this device would go on to nobody.
  const [error] = limited.values();
  if (error !== undefined && (add.length === 0 || record.kind === "direct")) throw error;
  return { add: add.map(({ recipientKey, keyPackage }) => ({ recipientKey, keyPackage })), later: [...limited.keys()] };
}

function isLimitOfDay(error: unknown): boolean {
  return error instanceof WireError && error.code === ErrorCode.rateLimited && error.retryAfterMs > longestWaitMs;
}

function isGone(error: unknown): boolean {
  const code = error instanceof EngineError
    ? error.problem.code
    : error instanceof Error && "code" in error
    ? codeName(error.code as number)
    : "";
  return code === codeName(ErrorCode.unknownRecipient) || code === codeName(ErrorCode.noKeyPackageLeft);
}

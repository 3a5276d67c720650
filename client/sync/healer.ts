/**
 * Brings this device back into groups that it can not follow any more, and helps others back (PROTOCOL §3.4, §3.5): a fresh header for a commit that does not open, being taken out and put
 * back, or, when nobody can follow, a successor channel. What is broken is on disk; the asking starts again with every connection.
 */

import { equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { type Bytes, type GroupState, type Member, openReadd, parseKeyPackage, signReadd } from "../mls/group.ts";
import type { Committer } from "./committer.ts";
import { type Direct, type DirectContent, openDirect, sealDirect } from "./direct.ts";
import type { Draft } from "./draft.ts";
import type { PastEpoch } from "./past_epochs.ts";
import type { People } from "./people.ts";
import { type ChatRecord, keys, type UnreadableRecord } from "./records.ts";
import { retryKept } from "./retry.ts";
import { makeSuccessor } from "./successor.ts";
import type { InboxEvents, SyncContext } from "./sync_context.ts";

/** Whom a request goes to at once. */
const askedAtOnce = 2;
/** Rounds of asking for a header before asking to be put back. */
const resealRounds = 2;
/** Rounds after which an admin that somebody else is stuck with makes a successor, and after which one does that nobody answers. */
const stuckRounds = 2;
const silentRounds = 8;
/** Rounds of asking to be added anew after a Welcome that did not open. */
const welcomeRounds = 6;
/** Channels that are asked at once after such a Welcome: strangers may send any number of them. */
const lostWelcomesAtOnce = 8;
/** Rounds that ask with one KeyPackage, and how many of those before stay, in case that an older request is carried out late. */
const roundsWithOneKeyPackage = 2;
const keptRequests = 3;
/** Between rounds, in ms; doubling up to the longest. */
const firstRoundMs = 5_000;
const longestRoundMs = 600_000;
/** Longest random delay before another's request is carried out, in ms, and between the admins that may make a successor. */
const readdDelayMs = 2_000;
const rankDelayMs = 3_000;
/** Answers of one kind that one device gets in an hour: each costs a commit or a seal. */
const answersEach = 8;
const answersPerMs = 3_600_000;
/** How long an answer of the server that does not fit may be due to an entry that is on its way, in ms, and how often it is looked at. */
const suspicionMs = 3_000;
const suspicions = 2;

/** The asking for one chat, in memory. */
interface Asking {
  rounds: number;
  /** Accounts as hex that could not follow the commit either. */
  stuck: Set<string>;
}

interface LostWelcome {
  channelId: Uint8Array<ArrayBuffer>;
  n: number;
  commitId: Uint8Array<ArrayBuffer>;
}

interface ServerState {
  epoch: number;
  members: Uint8Array<ArrayBuffer>[];
}

export class Healer {
  readonly #context: SyncContext;
  readonly #committer: Committer;
  readonly #people: People;
  readonly #events: () => InboxEvents;
  readonly #cursor: () => number;
  /** KeyPackages of requests that are under way, by channel. */
  readonly #requested = new Map<string, { keyPackage: Bytes; ref: Bytes; rounds: number; stored: string[] }>();
  readonly #asking = new Map<string, Asking>();
  readonly #timers = new Map<string, () => void>();
  readonly #running = new Set<string>();
  readonly #answered = new Map<string, number[]>();
  readonly #suspicions = new Map<string, number>();
  #closed = false;

  /**
   * @param events what entries that are tried again tell of
   * @param cursor the highest seq of the queue whose effects are on disk
   */
  constructor(context: SyncContext, committer: Committer, people: People, events: () => InboxEvents, cursor: () => number) {
    this.#context = context;
    this.#committer = committer;
    this.#people = people;
    this.#events = events;
    this.#cursor = cursor;
  }

  /** The network is there: what is broken is asked for again. */
  connected(): void {
    void this.#lostWelcomes("header").catch(() => {});
    for (const { id, record } of this.#context.chats.all()) {
      if (record.active && record.broken) this.#schedule(id, 0);
    }
  }

  /** The user has taken an account's other key: groups whose Welcome was refused for it may be entered now. Their members are asked to add this device anew. */
  keyAccepted(): void {
    void this.#lostWelcomes("untrusted").catch(() => {});
  }

  /** @param code why they were not followed: "header" (an earlier run could not open them), "untrusted" */
  async #lostWelcomes(code: "header" | "untrusted"): Promise<void> {
    for (const { value, context } of await this.#context.store.range<UnreadableRecord>("unreadable", "")) {
      if (value.kind !== EntryKind.WELCOME || value.code !== code || !context.channelId) continue;
      this.#askForWelcome({ channelId: new Uint8Array(context.channelId), n: value.epoch, commitId: value.id }, 1);
    }
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  broken(chatId: string): void {
    this.#schedule(chatId, 0);
  }

  /** The device is in the group again. */
  healed(chatId: string): void {
    const record = this.#context.chats.get(chatId)?.record;
    if (record) this.#requested.delete(toHex(record.channelId));
    this.#asking.delete(chatId);
    this.#suspicions.delete(chatId);
    this.#timers.get(chatId)?.();
    this.#timers.delete(chatId);
  }

  /**
   * This device's state is older than what it did already: its storage went back in time. Nothing may be sealed with it again, so it goes, and the group is asked to put the
   * device back (PROTOCOL §4, E017).
   */
  async rolledBack(chatId: string): Promise<void> {
    await this.#breakOpen(chatId, "E017", (draft) => {
      draft.notice("rolled-back", { code: "E017" }, this.#context.account.clock.now());
      draft.forgetState();
      draft.setPending(undefined);
    });
  }

  /** The group's state is gone or damaged. */
  async stateLost(chatId: string): Promise<void> {
    await this.#breakOpen(chatId, "state-lost", (draft) => {
      draft.notice("unreadable", { code: "state-lost" }, this.#context.account.clock.now());
      draft.setPending(undefined);
    });
  }

  /**
   * The server did not take what was sealed in the own epoch. Mostly the commit that explains it is on its way; else this device was rolled back, has missed a commit, or the server
   * has gone back in time.
   *
   * @param code of the answer: E015, E016 or E017
   */
  suspect(chatId: string, code: number): void {
    const key = `suspect/${chatId}`;
    if (this.#closed || this.#timers.has(key)) return;
    const epoch = this.#context.chats.get(chatId)?.record.epoch;
    this.#timers.set(key, this.#context.environment.after(suspicionMs, () => {
      this.#timers.delete(key);
      void this.#investigate(chatId, code, epoch).catch(() => {});
    }));
  }

  /** A Welcome to a channel that is not known here did not open: its KeyPackage is gone. The members can add this device anew. */
  welcomeLost(entry: Entry): void {
    this.#askForWelcome({ channelId: new Uint8Array(entry.channelId), n: entry.epoch, commitId: new Uint8Array(entry.id) }, 1);
  }

  #askForWelcome(lost: LostWelcome, round: number): void {
    const key = `welcome/${toHex(lost.channelId)}`;
    const asked = [...this.#timers.keys()].filter((name) => name.startsWith("welcome/")).length;
    if (this.#closed || this.#timers.has(key) || round > welcomeRounds || asked >= lostWelcomesAtOnce) return;
    // The others may be on their way into the channel, too.
    this.#timers.set(key, this.#context.environment.after(round === 1 ? 0 : firstRoundMs * 2 ** (round - 2), () => {
      this.#timers.delete(key);
      void this.#askForWelcomeNow(lost, round).catch(() => {}).finally(() => this.#askForWelcome(lost, round + 1));
    }));
  }

  async #askForWelcomeNow({ channelId, n, commitId }: LostWelcome, round: number): Promise<void> {
    const { chats } = this.#context;
    const known = chats.chatOf(toHex(channelId));
    if (known === undefined || chats.get(known)?.record.active) return;
    const server = await this.#serverState(channelId);
    if (!server) return;
    const content = await this.#readdRequest(channelId, n, commitId, server.epoch);
    for (const to of this.#whom(server.members, undefined, round)) await this.#send(channelId, to, content);
  }

  /** A payload of another device. Never rejects: whatever it is, it only asks. */
  async receive(entry: Entry): Promise<void> {
    try {
      const direct = await openDirect(entry.body, entry.channelId, this.#context.account.recipientKey);
      const chatId = this.#context.chats.chatOf(toHex(entry.channelId));
      if (direct && chatId !== undefined) await this.#take(chatId, direct);
    } catch {
      // The asker asks again, or somebody else.
    }
  }

  async #take(chatId: string, direct: Direct): Promise<void> {
    switch (direct.content.kind) {
      case "reseal":
        return await this.#answerReseal(chatId, direct, direct.content);
      case "resealed":
        return await this.#takeReseal(chatId, direct, direct.content);
      case "readd":
        return await this.#answerReadd(chatId, direct, direct.content);
      case "stuck":
        return await this.#takeStuck(chatId, direct);
    }
  }

  // --- asking ---

  #schedule(chatId: string, delayMs: number): void {
    if (this.#closed) return;
    this.#timers.get(chatId)?.();
    this.#timers.set(chatId, this.#context.environment.after(delayMs, () => {
      this.#timers.delete(chatId);
      void this.#step(chatId);
    }));
  }

  /** One round. Never rejects. */
  async #step(chatId: string): Promise<void> {
    if (this.#closed || this.#running.has(chatId)) return;
    this.#running.add(chatId);
    const asking = this.#asking.get(chatId) ?? { rounds: 0, stuck: new Set<string>() };
    this.#asking.set(chatId, asking);
    try {
      await this.#round(chatId, asking);
    } catch {
      // No network, or the storage failed: the next round, or the next connection.
    } finally {
      this.#running.delete(chatId);
    }
    const chat = this.#context.chats.get(chatId);
    if (chat?.record.active && chat.record.broken) this.#schedule(chatId, Math.min(longestRoundMs, firstRoundMs * 2 ** Math.max(0, asking.rounds - 2)));
  }

  async #round(chatId: string, asking: Asking): Promise<void> {
    const { chats, account } = this.#context;
    const chat = chats.get(chatId);
    if (!chat?.record.active || !chat.record.broken) return;
    const { record } = chat;
    const state = await chats.withState(chatId);
    const server = await this.#serverState(record.channelId);
    asking.rounds++;
    if (!server || server.epoch < record.epoch) return await this.#serverBehind(chatId, record, state);
    if (state && await this.#successorDue(record, state, asking)) return await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "rejected-commit");
    const whom = this.#whom(server.members, state, asking.rounds);
    const { need, epoch, commitId } = record.broken!;
    const id = fromHex(commitId ?? "");
    const reseal = need === "reseal" && asking.rounds <= resealRounds && state !== undefined && commitId !== undefined;
    const content: DirectContent = reseal ? { kind: "reseal", n: epoch, commitId: id } : await this.#readdRequest(record.channelId, epoch, id, server.epoch);
    for (const to of whom) await this.#send(record.channelId, to, content);
    if (whom.length === 0 && server.members.every((key) => equalBytes(key, account.recipientKey)) && state) await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "rejected-commit");
  }

  /** Whether nobody can follow the commit: an admin among them gives the conversation a fresh channel. */
  async #successorDue({ broken }: Readonly<ChatRecord>, state: GroupState, { rounds, stuck }: Asking): Promise<boolean> {
    if (broken?.commitId === undefined || !this.#ownMember(state)) return false;
    if (this.#ownMember(state)!.role !== "admin") return false;
    return (stuck.size > 0 && rounds > stuckRounds) || rounds > silentRounds;
  }

  /** Two of them, others each round: other accounts first, because one account's devices often fail together. */
  #whom(members: Uint8Array<ArrayBuffer>[], state: GroupState | undefined, round: number): Uint8Array<ArrayBuffer>[] {
    const { account, mls, ownKey } = this.#context;
    const own = new Set((state ? mls.members(state) : []).filter(({ credential }) => toHex(credential.accountKey) === ownKey).map(({ recipientKey }) => toHex(recipientKey)));
    const others = members.filter((key) => !equalBytes(key, account.recipientKey)).sort((a, b) => toHex(a) < toHex(b) ? -1 : 1);
    const ordered = [...others.filter((key) => !own.has(toHex(key))), ...others.filter((key) => own.has(toHex(key)))];
    if (ordered.length <= askedAtOnce) return ordered;
    // Each device begins elsewhere, so that the same two are not asked by all.
    const start = (account.recipientKey[0] + (round - 1) * askedAtOnce) % ordered.length;
    return [...ordered, ...ordered].slice(start, start + askedAtOnce);
  }

  async #readdRequest(channelId: Uint8Array<ArrayBuffer>, n: number, commitId: Uint8Array<ArrayBuffer>, serverEpoch: number): Promise<DirectContent> {
    const { account, store } = this.#context;
    const channel = toHex(channelId);
    let requested = this.#requested.get(channel);
    // A KeyPackage that stands in the tree is no help any more if its Welcome was lost, so another follows; of those asked with before, few are kept.
    if (!requested || requested.rounds >= roundsWithOneKeyPackage) {
      const made = await account.keyPackages.forRequest();
      const before = requested?.stored ?? [];
      const deletes = before.slice(0, Math.max(0, before.length - keptRequests)).map((key) => ({ store: "keypackages" as const, key }));
      // The private part is on disk before anybody can seal to it.
      await store.write({ puts: [made.put], deletes });
      requested = { ...made, rounds: 0, stored: [...before.slice(-keptRequests), made.put.key] };
      this.#requested.set(channel, requested);
    }
    requested.rounds++;
    const { keyPackage, ref } = requested;
    const request = await signReadd({ channelId, recipientKey: account.recipientKey, keyPackageRef: ref, epoch: BigInt(serverEpoch) }, account.deviceSeed);
    return { kind: "readd", n, commitId: commitId.length === 16 ? commitId : new Uint8Array(), request, keyPackage };
  }

  async #send(channelId: Uint8Array<ArrayBuffer>, to: Uint8Array<ArrayBuffer>, content: DirectContent): Promise<void> {
    const { rpc, account } = this.#context;
    const body = await sealDirect({ channelId, from: account.recipientKey, to, content }, account.deviceSeed);
    await rpc.call(delivery.enqueue, { recipientKey: to, channelId, messageId: crypto.getRandomValues(new Uint8Array(16)), body }).catch((error) => {
      // Full queues and devices that have gone meanwhile: the next round asks others.
      if (!isWireError(error, ErrorCode.queueFull, ErrorCode.unknownRecipient, ErrorCode.rateLimited)) throw error;
    });
  }

  /** @returns undefined when the server knows no such channel, or this device is no member there */
  async #serverState(channelId: Uint8Array<ArrayBuffer>): Promise<ServerState | undefined> {
    try {
      return await this.#context.rpc.call(delivery.channelState, { channelId });
    } catch (error) {
      if (isWireError(error, ErrorCode.notAMember)) return undefined;
      throw error;
    }
  }

  async #investigate(chatId: string, code: number, epoch: number | undefined): Promise<void> {
    const { chats, rpc, account } = this.#context;
    const before = chats.get(chatId)?.record;
    if (!before?.active || before.broken || before.hidden) return;
    // The commit that explains the answer has come meanwhile: what lost a race is not a rollback.
    if (before.epoch !== epoch) return void this.#suspicions.delete(chatId);
    const server = await this.#serverState(before.channelId);
    // While entries of the channel wait, what explains the answer is among them, however long the queue is.
    const { entries } = await rpc.call(delivery.fetch, { recipientKey: account.recipientKey, channelId: before.channelId, after: this.#cursor(), limit: 1 });
    const now = chats.get(chatId);
    if (entries.length > 0 || !now?.record.active || now.record.broken || now.record.epoch !== before.epoch) return void this.#suspicions.delete(chatId);
    const count = (this.#suspicions.get(chatId) ?? 0) + 1;
    this.#suspicions.set(chatId, count);
    if (count < suspicions) return this.suspect(chatId, code);
    this.#suspicions.delete(chatId);
    if (!server || server.epoch < now.record.epoch) return await this.#noteServerBehind(chatId);
    if (code === ErrorCode.staleEpoch && !now.pending?.commit) return await this.rolledBack(chatId);
    if (server.epoch > now.record.epoch) {
      await this.#breakOpen(chatId, "fork", (draft) => draft.notice("rejected", { code: "fork" }, account.clock.now()));
    }
  }

  async #breakOpen(chatId: string, code: string, change: (draft: Draft) => void): Promise<void> {
    const done = await this.#context.chats.update(async (unit) => {
      const draft = await unit.chat(chatId);
      if (!draft?.record.active || draft.record.broken) return false;
      change(draft);
      draft.set({ broken: { code, epoch: draft.record.epoch + 1, need: "readd" } });
      return true;
    });
    if (!done) return;
    this.#committer.lost(chatId);
    this.#schedule(chatId, 0);
  }

  // --- a server that went back in time ---

  async #noteServerBehind(chatId: string): Promise<void> {
    await this.#breakOpen(chatId, "server-behind", (draft) => draft.notice("server-behind", {}, this.#context.account.clock.now()));
  }

  async #serverBehind(chatId: string, record: Readonly<ChatRecord>, state: GroupState | undefined): Promise<void> {
    const { mls, account, ownKey, environment } = this.#context;
    if (record.members.find(({ accountKey }) => accountKey === ownKey)?.role !== "admin") return;
    const admins = (state ? mls.members(state) : []).filter(({ role }) => role === "admin").map(({ recipientKey }) => toHex(recipientKey)).sort();
    // One whose state is gone too is the last to try.
    const rank = state ? admins.indexOf(toHex(account.recipientKey)) : 10 * environment.random() + 5;
    await new Promise<void>((resolve) => environment.after(Math.max(0, rank) * rankDelayMs + environment.random() * 1_000, resolve));
    if (this.#closed || !this.#context.chats.get(chatId)?.record.broken) return;
    await makeSuccessor(this.#context, this.#committer, this.#people, chatId, "server-behind");
  }

  // --- helping others ---

  #ownMember(state: GroupState): Member | undefined {
    return this.#context.mls.members(state).find(({ leafIndex }) => leafIndex === state.ownLeafIndex);
  }

  #mayAnswer({ from, content }: Direct): boolean {
    const key = `${toHex(from)}/${content.kind}`;
    const nowMs = this.#context.environment.now();
    const recent = (this.#answered.get(key) ?? []).filter((atMs) => nowMs - atMs < answersPerMs);
    if (recent.length >= answersEach) return false;
    this.#answered.set(key, [...recent, nowMs]);
    return true;
  }

  async #memberOf(chatId: string, { from }: Direct): Promise<{ record: Readonly<ChatRecord>; state: GroupState; member: Member } | undefined> {
    const state = await this.#context.chats.withState(chatId);
    const record = this.#context.chats.get(chatId)?.record;
    const member = state?.active ? this.#context.mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from)) : undefined;
    return state && record?.active && member ? { record, state, member } : undefined;
  }

  async #answerReseal(chatId: string, direct: Direct, { n, commitId }: Extract<DirectContent, { kind: "reseal" }>): Promise<void> {
    const { mls, store } = this.#context;
    const found = await this.#memberOf(chatId, direct);
    if (!found || !this.#mayAnswer(direct)) return;
    const past = await store.get<PastEpoch[]>("epochs", keys.pastEpochs(chatId)) ?? [];
    const epoch = past.find((candidate) => candidate.n === n && candidate.commitId === toHex(commitId));
    const { record, member } = found;
    if (epoch) {
      const header = await mls.resealHeader({ channelId: record.channelId, n: BigInt(n), S: epoch.S, recipientKey: direct.from, xwingPublicKey: member.xwingPublicKey });
      await this.#send(record.channelId, direct.from, { kind: "resealed", n, commitId, header });
    } else if (record.broken?.commitId === toHex(commitId)) {
      await this.#send(record.channelId, direct.from, { kind: "stuck", n, commitId });
    }
  }

  async #answerReadd(chatId: string, direct: Direct, { n, commitId, request, keyPackage }: Extract<DirectContent, { kind: "readd" }>): Promise<void> {
    const { environment } = this.#context;
    const found = await this.#memberOf(chatId, direct);
    if (!found) return;
    const { record } = found;
    if (record.broken) {
      if (record.broken.commitId !== undefined && record.broken.commitId === toHex(commitId) && this.#mayAnswer(direct)) await this.#send(record.channelId, direct.from, { kind: "stuck", n, commitId });
      return;
    }
    const [asked, parsed] = [await openReadd(request), await parseKeyPackage(keyPackage)];
    if (!asked || !equalBytes(asked.recipientKey, direct.from) || !equalBytes(asked.channelId, record.channelId) || !equalBytes(parsed.ref, asked.keyPackageRef) || !this.#mayAnswer(direct)) return;
    const plan = { purpose: "readd" as const, add: [{ recipientKey: direct.from, keyPackage }], remove: [direct.from], requests: [request] };
    const key = `readd/${chatId}/${toHex(direct.from)}`;
    this.#timers.get(key)?.();
    this.#timers.set(key, environment.after(environment.random() * readdDelayMs, () => {
      this.#timers.delete(key);
      const stillThere = (draft: Draft) => draft.members().find(({ recipientKey }) => equalBytes(recipientKey, direct.from));
      void this.#committer.carryOut(chatId, (draft) => {
        const member = stillThere(draft);
        // Another member was faster, or the device is no member any more.
        return member && !equalBytes(member.xwingPublicKey, parsed.xwingPublicKey) ? plan : undefined;
      }).catch(() => {});
    }));
  }

  async #takeStuck(chatId: string, direct: Direct): Promise<void> {
    const found = await this.#memberOf(chatId, direct);
    const asking = this.#asking.get(chatId);
    if (!found?.record.broken || !asking || found.record.broken.commitId !== toHex(direct.content.commitId)) return;
    const account = toHex(found.member.credential.accountKey);
    if (account !== this.#context.ownKey) asking.stuck.add(account);
  }

  async #takeReseal(chatId: string, { from }: Direct, { n, commitId, header }: Extract<DirectContent, { kind: "resealed" }>): Promise<void> {
    const { chats, mls, account } = this.#context;
    const healed = await chats.update(async (unit) => {
      const draft = await unit.chat(chatId);
      const broken = draft?.record.broken;
      if (!draft?.state || !draft.record.active || broken?.need !== "reseal" || broken.epoch !== n || broken.commitId !== toHex(commitId)) return false;
      const state = draft.state;
      const by = mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from))?.credential.username;
      return await retryKept(this.#context, this.#events(), unit, draft, {
        secretOf: (entry) => mls.openReseal(state, { n: BigInt(n), header, sealedCommit: entry.body }),
        done: () => draft.notice("healed", { ...(by !== undefined && { by }) }, account.clock.now()),
      });
    });
    if (!healed) return;
    if (!chats.get(chatId)?.record.broken) this.healed(chatId);
    this.#committer.lost(chatId);
  }
}

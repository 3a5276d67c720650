/** One core that is killed again and again while devices use it, and a record of all acknowledged work. */

import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { commitCall, makeChannel } from "./delivery_service.ts";
import { connect, type Connection, pause, startProcess } from "./quic.ts";
import { random, seedDevices, sha256, type TestDevice } from "./seed.ts";
import { SignIns } from "./sign_ins.ts";

/**
 * The most answered calls from the start of traffic to the kill. The moment is counted in calls and not in
 * milliseconds, so that it means the same on a busy machine.
 */
const mostAnswers = 12;
/**
 * Then passes a share of the longest of the latest times between two answers, at most this many ms. So a kill
 * comes in the middle of a write, too, and not only between an answer and what follows.
 */
const longestPauseMs = 120;
/** Every so many kills one comes beside a sign-in, after up to so many times the calls: a sign-in takes a while. */
const signInEvery = 8;
const signInLonger = 10;
const senders = 3;
/** The test is about calls that are served, so there are no limits. */
const unlimited = { QPQ_CALLS_PER_ACCOUNT_PER_SECOND: "100000", QPQ_CALLS_PER_IP_PER_SECOND: "100000" };

interface Message {
  messageId: Bytes;
  envelope: Bytes;
}

/** A receiving device's knowledge of its queue. */
interface Receiver {
  device: TestDevice;
  /** Ids of messages by seq. No two entries share a seq. */
  bySeq: Map<number, string>;
  /** Seq by id of each message. Each message comes once. */
  byId: Map<string, number>;
  /** The highest seq that was seen, and the highest whose acknowledgement was answered. */
  cursor: number;
  acked: number;
}

export class CrashLane {
  readonly #dataDir: string;
  readonly #random: () => number;
  readonly #ann: TestDevice;
  readonly #receivers: Receiver[];
  readonly #signIns = new SignIns();
  #channelId: Bytes | undefined;
  /** The epoch of the core's last answer. The next epoch may be stored already. */
  #epoch = 1;
  #pendingCommit: ReturnType<typeof commitCall> | undefined;
  readonly #commitIds: string[] = [];
  /** Messages without an answer: the same bytes are sent again. */
  readonly #unsure = new Map<string, Message>();
  readonly #acknowledged = new Set<string>();
  #blobs: Bytes[] = [];
  #channels: Bytes[] = [];
  /** Answers that are left until the kill. */
  #answersLeft = 0;
  /** When the last answer came, and how long each of the latest took since the one before, in ms. */
  #answeredMs = 0;
  #gapsMs: number[] = [];
  #killTime = Promise.withResolvers<void>();
  /** The number of acknowledged operations. */
  readonly done = { messages: 0, commits: 0, acks: 0, blobs: 0, channels: 0, signIns: 0, signOuts: 0 };

  /** @param next seeded numbers in [0, 1) */
  constructor(dataDir: string, next: () => number) {
    this.#dataDir = dataDir;
    this.#random = next;
    const [ann, bob, cee] = seedDevices(dataDir, 3);
    this.#ann = ann;
    this.#receivers = [bob, cee].map((device) => ({ device, bySeq: new Map(), byId: new Map(), cursor: 0, acked: 0 }));
  }

  /**
   * Starts the core and checks all acknowledged work. Then, unless `last`, uses the core and kills it at a
   * random moment.
   */
  async round(index: number, last: boolean): Promise<void> {
    const server = await startProcess(this.#dataDir, unlimited);
    const connection = await connect(server.address, server.caPem);
    try {
      this.#channelId ??= await makeChannel(connection.as, [this.#ann, ...this.#receivers.map(({ device }) => device)]);
      // Opens sessions, so that even the first round can end some.
      if (index === 0) { for (let count = 0; count < 3; count++) await this.#signIn(connection); }
      await this.#settle(connection);
      await this.#check(connection);
      if (last) return;
      const withSignIn = index % signInEvery === 0;
      const most = withSignIn ? mostAnswers * signInLonger : mostAnswers;
      this.#answersLeft = Math.floor(most * this.#random());
      this.#killTime = Promise.withResolvers();
      this.#answeredMs = performance.now();
      const traffic = this.#traffic(connection, withSignIn);
      if (this.#answersLeft > 0) await this.#killTime.promise;
      await pause(Math.min(Math.max(0, ...this.#gapsMs), longestPauseMs) * this.#random());
      server.kill("SIGKILL");
      await server.status;
      connection.close();
      await traffic();
    } finally {
      server.kill("SIGKILL");
      connection.close();
      await server.status;
    }
  }

  /** Sends messages without an answer again, byte for byte, as a client does after a crash. */
  async #settle({ as }: Connection): Promise<void> {
    const client = as(this.#ann);
    if (this.#pendingCommit) await this.#commit(client, this.#pendingCommit);
    for (const message of [...this.#unsure.values()]) {
      // The message was not stored, and the epoch has changed. It is sealed anew under its id.
      if (await this.#publish(client, message) === "stale") {
        assert.equal(await this.#publish(client, { ...message, envelope: random(300) }), "ok");
      }
    }
  }

  async #check({ as }: Connection): Promise<void> {
    const { epoch } = await as(this.#ann).call(delivery.channelState, { channelId: this.#channelId! });
    assert.equal(epoch, this.#epoch, "the channel's epoch is that of the last acknowledged commit");
    for (const receiver of this.#receivers) {
      await this.#read(as(receiver.device), receiver, 0);
      for (const id of this.#acknowledged) {
        assert.ok(receiver.byId.has(id), `an acknowledged message is missing: ${id}`);
      }
      for (const id of this.#commitIds) assert.ok(receiver.byId.has(id), `an acknowledged commit is missing: ${id}`);
    }
    for (const sha of this.#blobs) {
      assert.deepEqual(sha256(await whole(as(this.#receivers[0].device), sha)), sha, "an acknowledged blob is whole");
    }
    for (const channelId of this.#channels) {
      assert.equal((await as(this.#ann).call(delivery.channelState, { channelId })).epoch, 0);
    }
    await this.#signIns.check(as);
    // Messages that were seen once in both queues need no further check.
    this.#acknowledged.clear();
    this.#commitIds.length = 0;
    this.#blobs = [];
    this.#channels = [];
  }

  /** Reads a queue to its end, and compares it with what the receiver saw before. */
  async #read(client: RpcClient, receiver: Receiver, from: number): Promise<void> {
    let after = from;
    while (true) {
      const { entries }: { entries: Entry[] } = await client.call(delivery.fetch, {
        recipientKey: receiver.device.recipientKey,
        channelId: new Uint8Array(),
        after,
        limit: 200,
      });
      for (const { seq, id, kind } of entries) {
        const name = toHex(id);
        assert.ok(seq > receiver.acked, `what was acknowledged up to ${receiver.acked} is gone, not ${seq}`);
        assert.ok(seq > after, "in order");
        assert.equal(receiver.bySeq.get(seq) ?? name, name, "a seq is never used again");
        if (kind !== EntryKind.WELCOME) assert.equal(receiver.byId.get(name) ?? seq, seq, "nothing twice");
        receiver.bySeq.set(seq, name);
        receiver.byId.set(name, seq);
        after = seq;
      }
      receiver.cursor = Math.max(receiver.cursor, after);
      if (entries.length === 0) return;
    }
  }

  /** Runs all kinds of traffic at once. @returns waits until all of it has ended with the connection */
  #traffic(connection: Connection, withSignIn: boolean): () => Promise<void> {
    const { as } = connection;
    let over = false;
    const client = as(this.#ann);
    const repeat = async (work: () => Promise<unknown>) => {
      while (!over) await work();
    };
    const work = [
      ...Array.from(
        { length: senders },
        () =>
          repeat(() =>
            this.#publish(client, { messageId: random(16), envelope: random(100 + Math.floor(3000 * this.#random())) })
          ),
      ),
      repeat(() =>
        this.#commit(
          client,
          commitCall({
            channelId: this.#channelId!,
            epoch: this.#epoch,
            members: [this.#ann, ...this.#receivers.map(({ device }) => device)],
          }),
        )
      ),
      repeat(() => this.#putBlob(client)),
      this.#createChannel(client),
      ...this.#receivers.map((receiver, index) =>
        repeat(() => this.#ack(as(receiver.device), receiver, index === 0 ? 20 : 80))
      ),
      ...(withSignIn ? [this.#signIn(connection)] : []),
      this.#signIns.signOut(as).then((did) => did ? this.#answered("signOuts") : undefined),
    ];
    // A refused call ends the round, which then fails.
    const ended = Promise.allSettled(work.map((calls) =>
      calls.catch((error) => {
        this.#killTime.resolve();
        throw error;
      })
    ));
    return async () => {
      over = true;
      for (const result of await ended) {
        // A killed core answers nothing. Every given answer must have been a success.
        if (
          result.status === "rejected" &&
          (result.reason instanceof WireError || result.reason instanceof assert.AssertionError)
        ) throw result.reason;
      }
    };
  }

  #answered(name: keyof CrashLane["done"]): void {
    this.done[name]++;
    const nowMs = performance.now();
    this.#gapsMs = [...this.#gapsMs, nowMs - this.#answeredMs].slice(-mostAnswers);
    this.#answeredMs = nowMs;
    if (--this.#answersLeft <= 0) this.#killTime.resolve();
  }

  async #publish(client: RpcClient, message: Message): Promise<"ok" | "stale"> {
    const id = toHex(message.messageId);
    this.#unsure.set(id, message);
    try {
      await client.call(delivery.publish, {
        channelId: this.#channelId!,
        epoch: this.#epoch,
        ...message,
        ephemeral: false,
      });
    } catch (error) {
      // The device's own commit was faster. The code is E017, because this very device made it.
      if (!isWireError(error, ErrorCode.epochConflict, ErrorCode.staleEpoch)) throw error;
      this.#unsure.delete(id);
      return "stale";
    }
    this.#unsure.delete(id);
    this.#acknowledged.add(id);
    this.#answered("messages");
    return "ok";
  }

  async #commit(client: RpcClient, commit: ReturnType<typeof commitCall>): Promise<void> {
    this.#pendingCommit = commit;
    const { n } = await client.call(delivery.commit, commit.params, {}, commit.body);
    assert.equal(n, commit.params.epoch + 1);
    this.#epoch = n;
    this.#pendingCommit = undefined;
    this.#commitIds.push(toHex(commit.params.commitId));
    this.#answered("commits");
    await pause(10);
  }

  async #putBlob(client: RpcClient): Promise<void> {
    const blob = random(1 + Math.floor(60_000 * this.#random()));
    const params = { sha256: sha256(blob), length: blob.length };
    if (this.#random() < 0.5) await client.call(delivery.putBlob, params, {}, blob);
    else await putInParts(client, params, blob);
    this.#blobs.push(sha256(blob));
    this.#answered("blobs");
    await pause(20);
  }

  async #signIn({ as }: Connection): Promise<void> {
    await this.#signIns.signIn(as);
    this.#answered("signIns");
  }

  async #createChannel(client: RpcClient): Promise<void> {
    const channelId = random(32);
    await client.call(delivery.createChannel, { channelId });
    this.#channels.push(channelId);
    this.#answered("channels");
  }

  async #ack(client: RpcClient, receiver: Receiver, everyMs: number): Promise<void> {
    await pause(everyMs * this.#random());
    // Only entries that were read are ever acknowledged.
    const upTo = receiver.cursor;
    if (upTo > receiver.acked) {
      await client.call(delivery.ack, { recipientKey: receiver.device.recipientKey, upTo });
      receiver.acked = upTo;
      this.#answered("acks");
    }
    await this.#read(client, receiver, receiver.cursor);
  }
}

async function whole(client: RpcClient, sha: Bytes): Promise<Bytes> {
  const pieces: BlobPart[] = [];
  for await (const { bytes } of client.stream(delivery.getBlob, { sha256: sha, offset: 0 })) pieces.push(bytes);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Sends a blob in parts, each from where the server says that it is. */
async function putInParts(client: RpcClient, params: { sha256: Bytes; length: number }, blob: Bytes): Promise<void> {
  for (let offset = 0, again = 0; again < 10; again++) {
    const part = blob.subarray(offset, offset + Math.ceil(blob.length / 3));
    const { have, expiresMs } = await client.call(delivery.putBlobPart, { ...params, offset, drop: false }, {}, part);
    if (expiresMs > 0) return;
    offset = have;
  }
  throw new Error("a blob was not whole after ten parts");
}

/** The delivery service over streams in memory: real handlers, real storage, a clock that tests set. */

import type { Bytes } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
import { Handlers, serveCall } from "../../schema/rpc/server.ts";
import type { Caller } from "../caller.ts";
import { BlobFiles } from "../delivery/blob_files.ts";
import { BodyBudget } from "../delivery/body_budget.ts";
import { additions, commitRates } from "../delivery/commit.ts";
import type { DeliveryDependencies } from "../delivery/dependencies.ts";
import { deliveryHandlers } from "../delivery/handlers.ts";
import { LiveDevices } from "../delivery/live.ts";
import { PartialBlobs } from "../delivery/partial_blobs.ts";
import { Uploads } from "../delivery/uploads.ts";
import { openInlineStore } from "./inline_store.ts";
import { random, seedDevices, sha256, type TestDevice } from "./seed.ts";

const headerBytes = 1168;

/** Two ends of one stream in memory. */
export function streamPair(): [ByteStream, ByteStream] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 }, { highWaterMark: 16 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 }, { highWaterMark: 16 });
  return [{ readable: back.readable, writable: there.writable }, { readable: there.readable, writable: back.writable }];
}

export interface TestService {
  deps: DeliveryDependencies;
  clock: { nowMs: number };
  /** What the store has told of queues that failed. */
  lost: number[];
  dataDir: string;
  devices: TestDevice[];
  /** A client that calls as this device; undefined: without a session. */
  as(device?: TestDevice): RpcClient;
  asCaller(caller: Caller): RpcClient;
}

/**
 * Runs a test against a service with `count` enrolled devices.
 *
 * @param overrides replaces some of the service's dependencies
 */
export async function withService(
  count: number,
  test: (service: TestService) => Promise<void>,
  overrides: Partial<DeliveryDependencies> = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-core-" });
  const devices = seedDevices(dataDir, count);
  const lost: number[] = [];
  const clock = { nowMs: 1_800_000_000_000 };
  const store = await openInlineStore(dataDir, () => clock.nowMs, { onQueueFailed: (entries) => lost.push(entries) });
  const deps: DeliveryDependencies = {
    store: store.delivery,
    live: new LiveDevices(),
    blobs: await BlobFiles.open(`${dataDir}/blobs`),
    partials: await PartialBlobs.open(`${dataDir}/blobs`),
    blobLimits: { maxBytes: 300_000, quotaBytes: 500_000, ttlMs: 1000 },
    uploads: new Uploads(),
    disk: { requireRoom() {} },
    queueAgeMs: 90 * 24 * 3600 * 1000,
    bodies: new BodyBudget({ largeBytes: 32 * 1024 * 1024, smallBytes: 16 * 1024 * 1024 }),
    additions: additions(() => clock.nowMs),
    commits: commitRates(() => clock.nowMs),
    countCalls: () => {},
    now: () => clock.nowMs,
    draining: () => false,
    build: "test",
    restored: undefined,
    heartbeatMs: 20_000,
    ...overrides,
  };
  const handlers = deliveryHandlers(new Handlers<Caller>(), deps);
  const calls = new Set<Promise<void>>();
  const asCaller = (caller: Caller) =>
    new RpcClient(() => {
      const [ours, theirs] = streamPair();
      const call = serveCall<Caller>(theirs, { handlers, authorize: () => caller, readTimeoutMs: 1000 });
      calls.add(call);
      void call.finally(() => calls.delete(call));
      return Promise.resolve(ours);
    });
  const as = (device?: TestDevice) => asCaller(device?.caller ?? { kind: "anyone", remoteAddress: "127.0.0.1" });
  try {
    await test({ deps, clock, lost, dataDir, devices, as, asCaller });
  } finally {
    deps.live.endAll(new WireError(ErrorCode.draining, "the test is over"));
    await Promise.all(calls);
    await store.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** @returns "ok", or the error's code like "E015" */
export async function outcome(call: Promise<unknown>): Promise<string> {
  return await call.then(() => "ok", (error) => error instanceof WireError ? error.message.slice(0, 4) : `${error}`);
}

export interface CommitPlan {
  channelId: Bytes;
  epoch: number;
  /** Members of the new epoch. */
  members: TestDevice[];
  removed?: TestDevice[];
  added?: TestDevice[];
  commitId?: Bytes;
  commit?: Bytes;
  welcome?: Bytes;
  headers?: Bytes;
}

/** @returns the parameters and the body of a commit call */
export function commitCall(
  {
    channelId,
    epoch,
    members,
    removed = [],
    added = [],
    commitId = random(16),
    commit = random(300),
    welcome,
    headers,
  }: CommitPlan,
) {
  const welcomeBytes = welcome ?? (added.length > 0 ? random(400) : new Uint8Array());
  const headerParts = headers ?? joined(members.flatMap(({ recipientKey }) => [recipientKey, headerOf(recipientKey)]));
  const body = joined([commit, welcomeBytes, headerParts]);
  const params = {
    channelId,
    epoch,
    commitId,
    sha256: sha256(body),
    commitLength: commit.length,
    welcomeLength: welcomeBytes.length,
    headersLength: headerParts.length,
    removed: removed.map(({ recipientKey }) => recipientKey),
    added: added.map(({ recipientKey }) => recipientKey),
  };
  return { params, body, commit, welcome: welcomeBytes };
}

/** A header whose bytes name its recipient. */
export function headerOf(recipientKey: Bytes): Bytes {
  return new Uint8Array(headerBytes).fill(recipientKey[0]);
}

export function joined(parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** Sends a planned commit. */
export async function sendCommit(client: RpcClient, plan: CommitPlan): Promise<{ n: number; place: number }> {
  const { params, body } = commitCall(plan);
  return await client.call(delivery.commit, params, {}, body);
}

/** Makes a channel whose members are all of `devices`, at epoch 1; the first one made it. */
export async function makeChannel(as: (device: TestDevice) => RpcClient, devices: TestDevice[]): Promise<Bytes> {
  const channelId = random(32);
  const [creator, ...others] = devices;
  await as(creator).call(delivery.createChannel, { channelId });
  await sendCommit(as(creator), { channelId, epoch: 0, members: devices, added: others });
  return channelId;
}

/** @returns the whole queue of a device, without acknowledging it */
export async function queueOf(client: RpcClient, { recipientKey }: TestDevice, after = 0): Promise<Entry[]> {
  const all: Entry[] = [];
  while (true) {
    const { entries } = await client.call(delivery.fetch, {
      recipientKey,
      channelId: new Uint8Array(),
      after: all.at(-1)?.seq ?? after,
      limit: 200,
    });
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

export async function publishTo(
  client: RpcClient,
  channelId: Bytes,
  epoch: number,
  envelope: Bytes = random(256),
  messageId: Bytes = random(16),
) {
  return {
    messageId,
    envelope,
    ...await client.call(delivery.publish, { channelId, epoch, messageId, envelope, ephemeral: false }),
  };
}

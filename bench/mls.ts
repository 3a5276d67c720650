/**
 * Times MLS with the hybrid layer at several group sizes, beside the bare operations of the runtime that each
 * step can not do without. Runs in Deno and in a page: web-standard APIs only.
 */

import { defaultCryptoProvider, getCiphersuiteFromName } from "ts-mls";
import { startLogin, suite1 } from "../client/account/sign_in/opaque_client.ts";
import { openAesGcm, sealAesGcm } from "../client/crypto/aead.ts";
import { generateEd25519, signEd25519, verifyEd25519 } from "../client/crypto/ed25519.ts";
import { deriveX25519, generateX25519 } from "../client/crypto/x25519.ts";
import { generateXWing, xwing } from "../client/crypto/xwing.ts";
import { useCryptoThreads } from "../client/crypto/parallel.ts";
import { ciphersuite, ciphersuiteName } from "../client/crypto/provider.ts";
import { CryptoWorkers } from "../web/engine/crypto_workers.ts";
import { createMls, type GroupState, type PendingCommit } from "../client/mls/group.ts";
import { bundleKey, openHeader, sealHeader } from "../client/mls/hybrid.ts";
import { IndexedDbStorage } from "../client/storage/indexeddb.ts";
import { SealedStore } from "../client/storage/sealed_store.ts";
import { keyPackageOf, makeDevices, randomId, type TestDevice, trusting } from "../client/mls/testing/group.ts";

export interface MlsFigures {
  members: number;
  /** p50 in ms. */
  times: Record<
    | "create"
    | "add"
    | "join"
    | "update"
    | "processUpdate"
    | "remove"
    | "processRemove"
    | "encrypt"
    | "decrypt"
    | "storeEpoch",
    number
  >;
  /** Bytes on the wire, and on disk. */
  sizes: Record<
    "keyPackage" | "welcome" | "addCommit" | "updateCommit" | "headers" | "message" | "messageRecord" | "epochRecord",
    number
  >;
}

/** p50 in µs. */
export type BareFigures = Record<
  | "x25519"
  | "sign"
  | "verify"
  | "aead"
  | "encapsulate"
  | "decapsulate"
  | "sealHeader"
  | "openHeader"
  | "bundleKey"
  | "opaqueStart"
  | "argon2id",
  number
>;

async function timed<T>(samples: number[], work: () => T | Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await work();
  samples.push(performance.now() - startMs);
  return result;
}

const median = (samples: number[]) => [...samples].sort((a, b) => a - b)[samples.length >> 1];

/** Repeats in blocks: a browser's clock may tick in steps of 0.1 ms. */
async function perCall(work: () => Promise<unknown>, calls = 20, blocks = 15): Promise<number> {
  const samples: number[] = [];
  for (let block = 0; block < blocks; block++) {
    await timed(samples, async () => {
      for (let call = 0; call < calls; call++) await work();
    });
  }
  return (median(samples) / calls) * 1000;
}

/** What every step is made of, one at a time. */
export async function measureBare(): Promise<BareFigures> {
  const signer = await generateEd25519();
  const message = crypto.getRandomValues(new Uint8Array(300));
  const signature = await signEd25519(signer.seed, message);
  const [own, other] = [await generateX25519(), await generateX25519()];
  const key = crypto.getRandomValues(new Uint8Array(16));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const otherPublic = (other as { publicKey: Uint8Array }).publicKey;
  const kem = await xwing();
  const pair = await generateXWing();
  const { ciphertext } = (await kem.encapsulate(pair.publicKey))!;
  const context = { channelId: crypto.getRandomValues(new Uint8Array(32)), n: 1n, recipientKey: signer.publicKey };
  const S = crypto.getRandomValues(new Uint8Array(32));
  const header = (await sealHeader(S, pair.publicKey, context))!;
  return {
    x25519: await perCall(() => deriveX25519(own, otherPublic)),
    sign: await perCall(() => signEd25519(signer.seed, message)),
    verify: await perCall(() => verifyEd25519(signer.publicKey, signature, message)),
    aead: await perCall(async () => openAesGcm(key, nonce, message, await sealAesGcm(key, nonce, message, message))),
    encapsulate: await perCall(() => kem.encapsulate(pair.publicKey)),
    decapsulate: await perCall(() => kem.decapsulate(pair.seed, ciphertext)),
    sealHeader: await perCall(() => sealHeader(S, pair.publicKey, context)),
    openHeader: await perCall(() => openHeader(header, pair.seed, context)),
    bundleKey: await perCall(() => bundleKey("commit", S, context.channelId, 1n)),
    opaqueStart: await perCall(() => startLogin("correct horse battery staple", "alice"), 1),
    argon2id: await perCall(() => suite1.harden(message), 1, 3),
  };
}

/** One step by the CryptoProvider that the client uses, and by the one that ts-mls brings; p50 in µs. */
export async function measureProviders(): Promise<Record<string, { ours: number; library: number }>> {
  const library = await defaultCryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(ciphersuiteName));
  const data = crypto.getRandomValues(new Uint8Array(300));
  const [key, nonce] = [data.slice(0, 16), data.slice(16, 28)];
  const result: Record<string, { ours: number; library: number }> = {};
  for (const [name, suite] of [["ours", ciphersuite], ["library", library]] as const) {
    const { signKey, publicKey } = await suite.signature.keygen();
    const signature = await suite.signature.sign(signKey, data);
    const pair = await suite.hpke.generateKeyPair();
    const sealed = await suite.hpke.seal(pair.publicKey, data, data, data);
    const steps: Record<string, () => Promise<unknown>> = {
      "SHA-256, 300 bytes": () => suite.hash.digest(data),
      "HMAC-SHA-256, 300 bytes": () => suite.hash.mac(key, data),
      "HKDF expand, 32 bytes": () => suite.kdf.expand(data.slice(0, 32), key, 32),
      "Ed25519 signature": () => suite.signature.sign(signKey, data),
      "Ed25519 check": () => suite.signature.verify(publicKey, data, signature),
      "AES-128-GCM seal, 300 bytes": () => suite.hpke.encryptAead(key, nonce, data, data),
      "HPKE seal": () => suite.hpke.seal(pair.publicKey, data, data, data),
      "HPKE open": () => suite.hpke.open(pair.privateKey, sealed.enc, sealed.ct, data, data),
    };
    for (const [what, step] of Object.entries(steps)) {
      (result[what] ??= { ours: 0, library: 0 })[name] = await perCall(step, 20, 9);
    }
  }
  return result;
}

export interface ThreadFigures {
  members: number;
  /** The commit that adds all, and a self-update: ms, and how long at most the thread that asked did nothing else. */
  add: { ms: number; stallMs: number };
  update: { ms: number; stallMs: number };
}

/**
 * The two commits that seal to everybody, in this thread or spread.
 *
 * @param workerUrl the script of a crypto Worker; undefined: everything here
 */
export async function measureThreads(members: number, workerUrl?: string): Promise<ThreadFigures> {
  const mls = createMls(trusting);
  const devices = await makeDevices(...Array.from({ length: members }, (_, index) => `person${index}`));
  const own = await keyPackageOf(devices[0]);
  const keyPackages = await Promise.all(devices.slice(1).map((device) => keyPackageOf(device)));
  const alone = await mls.createGroup({
    channelId: crypto.getRandomValues(new Uint8Array(32)),
    keyPackage: own.privateRecord,
    info: { name: "bench", kind: "group", createdMs: 1 },
  });
  if (workerUrl) useCryptoThreads(new CryptoWorkers(() => new Worker(workerUrl), 2));
  try {
    const add = await stalling(() =>
      mls.buildCommit(alone, { add: keyPackages.map(({ keyPackage }) => keyPackage), nowMs: Date.now() })
    );
    const state = mls.mergePending(add.result.newState, add.result.pending);
    const update = await stalling(() => mls.buildCommit(state, { nowMs: Date.now() }));
    return { members, add: { ms: add.ms, stallMs: add.stallMs }, update: { ms: update.ms, stallMs: update.stallMs } };
  } finally {
    useCryptoThreads(undefined);
  }
}

/** Runs it, and looks how long at most other work had to wait for its turn. */
async function stalling<T>(work: () => Promise<T>): Promise<{ result: T; ms: number; stallMs: number }> {
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let stallMs = 0;
  let running = true;
  port1.onmessage = () => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - last);
    last = now;
    if (running) setTimeout(() => port2.postMessage(undefined), 1);
  };
  port2.postMessage(undefined);
  const startMs = performance.now();
  const result = await work();
  const ms = performance.now() - startMs;
  stallMs = Math.max(stallMs, performance.now() - last);
  running = false;
  port1.close();
  return { result, ms, stallMs };
}

function mustBe<T extends { kind: string }>(result: T): Extract<T, { kind: "processed" }> {
  if (result.kind !== "processed") throw new Error(`not processed: ${JSON.stringify(result)}`);
  return result as Extract<T, { kind: "processed" }>;
}

/**
 * One group of `members` devices: its founder, the last one who joined, and everything that these two do.
 *
 * @param members of the group, at least 2
 */
export async function measureGroup(members: number): Promise<MlsFigures> {
  const mls = createMls(trusting);
  const runs = members >= 1000 ? 2 : members >= 200 ? 3 : 8;
  const devices: TestDevice[] = await makeDevices(...Array.from({ length: members }, (_, index) => `person${index}`));
  const [founder, joiner] = [devices[0], devices[members - 1]];
  const keyPackages = await Promise.all(devices.slice(1).map((device) => keyPackageOf(device)));
  const own = await keyPackageOf(founder);
  const spent: Record<string, number[]> = {};
  const samples = (name: keyof MlsFigures["times"]) => (spent[name] ??= []);
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const nowMs = Date.now();

  const headerOf = (pending: PendingCommit, device: TestDevice) =>
    pending.bundle.headers.find(({ recipientKey }) => recipientKey.join() === device.keyPair.publicKey.join())!.header;
  const merge = (built: { newState: GroupState; pending: PendingCommit }) =>
    mls.mergePending(built.newState, built.pending);
  const process = async (state: GroupState, pending: PendingCommit, device: TestDevice) =>
    mustBe(
      await mls.processCommit(state, {
        n: pending.n,
        commitId: pending.commitId,
        header: headerOf(pending, device),
        sealedCommit: pending.bundle.sealedCommit,
      }),
    ).newState;

  let added!: Awaited<ReturnType<typeof mls.buildCommit>>;
  let joined!: GroupState;
  for (let run = 0; run < Math.min(runs, 3); run++) {
    const alone = await timed(
      samples("create"),
      () =>
        mls.createGroup({
          channelId,
          keyPackage: own.privateRecord,
          info: { name: "bench", kind: "group", createdMs: 1 },
        }),
    );
    added = await timed(
      samples("add"),
      () => mls.buildCommit(alone, { add: keyPackages.map(({ keyPackage }) => keyPackage), nowMs }),
    );
    joined = await timed(samples("join"), async () =>
      mustBe(
        await mls.joinFromWelcome({
          channelId,
          n: added.pending.n,
          header: headerOf(added.pending, joiner),
          sealedWelcome: added.pending.bundle.sealedWelcome,
          candidates: [keyPackages[members - 2].privateRecord],
          live: false,
        }),
      ).newState);
  }
  let founderState = merge(added);
  let updated!: PendingCommit;
  for (let run = 0; run < runs; run++) {
    const built = await timed(samples("update"), () => mls.buildCommit(founderState, { nowMs }));
    updated = built.pending;
    joined = await timed(samples("processUpdate"), () => process(joined, updated, joiner));
    founderState = merge(built);
  }
  let envelope!: Uint8Array;
  let record!: { bytes: Uint8Array };
  for (let run = 0; run < 40; run++) {
    const messageId = randomId();
    const sealed = await timed(
      samples("encrypt"),
      () => mls.sealMessage(founderState, { messageId, content: crypto.getRandomValues(new Uint8Array(200)) }),
    );
    const opened = mustBe(
      await timed(
        samples("decrypt"),
        () => mls.openMessage(joined, { epoch: joined.epoch, messageId, envelope: sealed.envelope }),
      ),
    );
    [founderState, joined, envelope, record] = [sealed.newState, opened.newState, sealed.envelope, sealed.record];
  }
  let epochRecord!: Uint8Array;
  for (let run = 0; run < 3; run++) {
    epochRecord = await timed(samples("storeEpoch"), () => mls.encodeEpochRecord(founderState));
  }
  const result: MlsFigures = {
    members,
    times: {} as MlsFigures["times"],
    sizes: {
      keyPackage: keyPackages[0].keyPackage.length,
      welcome: added.pending.bundle.sealedWelcome.length,
      addCommit: added.pending.bundle.sealedCommit.length,
      updateCommit: updated.bundle.sealedCommit.length,
      headers: updated.bundle.headers.reduce((total, { header }) => total + header.length, 0),
      message: envelope.length,
      messageRecord: record.bytes.length,
      epochRecord: epochRecord.length,
    },
  };
  if (members > 2) {
    const victim = devices[1];
    for (let run = 0; run < Math.min(runs, 3); run++) {
      const built = await timed(
        samples("remove"),
        () => mls.buildCommit(founderState, { remove: [victim.keyPair.publicKey], nowMs }),
      );
      await timed(samples("processRemove"), () => process(joined, built.pending, joiner));
    }
  }
  for (const [name, list] of Object.entries(spent)) result.times[name as keyof MlsFigures["times"]] = median(list);
  return result;
}

/**
 * What one message writes in a browser: sealed and on disk ("strict"); beside it one bare record of one byte.
 * p50 in ms of writes with pauses between them, as messages come.
 */
export async function measurePersistence(): Promise<{ messageMs: number; bareMs: number }> {
  const storage = await IndexedDbStorage.open("bench");
  const store = new SealedStore(storage, await storage.wrappingKey());
  await store.takeFence();
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const content = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const [message, bare]: number[][] = [[], []];
  for (let count = 0; count < 60; count++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const context = { channelId, epoch: 1, stateVersion: count + 1 };
    store.deriveKeys(6);
    const puts =
      ([["groups", "g", 700], ["ratchets", "r", 320], ["messages", `m${count}`, 300], ["messageids", `a${count}`, 40], [
        "messageids",
        `b${count}`,
        40,
      ], ["outbox", `o${count}`, 700]] as const)
        .map(([name, key, length]) => ({ store: name, key, value: content(length), context }));
    await timed(
      message,
      () =>
        store.write({
          puts,
          absent: [{ store: "messageids", key: `a${count}` }],
          versions: [{ channelId, from: count, to: count + 1 }],
        }),
    );
    await timed(bare, () => storage.write({ puts: [{ store: "account", key: "bare", value: Uint8Array.of(count) }] }));
  }
  await store.close();
  return { messageMs: median(message), bareMs: median(bare) };
}

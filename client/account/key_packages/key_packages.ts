/**
 * Keeps this device's KeyPackages: a stock on the server, and the private parts here as long as a Welcome for
 * them may arrive (specification §4.8).
 */

import { Mutex } from "async-mutex";
import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { authentication } from "../../../schema/rpc/methods.ts";
import { ownFeatures } from "../../mls/features.ts";
import { type MadeKeyPackage, makeKeyPackage } from "../../mls/key_package.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { StoreName } from "../../storage/storage.ts";
import type { DeviceKeys } from "../devices/device.ts";
import { asEngineErrors } from "../errors.ts";
import type { KeyPackageStock, ServerTime } from "../types.ts";

/** specification §4.8 */
const defaultStock = 20;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The server hands a KeyPackage out for 24 h. It is replaced early enough for an hourly check. */
const freshForMs = 20 * hourMs;
const lastResortRenewalMs = 7 * dayMs;
/**
 * The lifetime of a KeyPackage begins this long before it was made (`makeKeyPackage`). One that was made later than
 * this from now comes from a wrong clock.
 */
const begunBeforeMs = hourMs;
/** A Welcome may wait in the queue this long after the KeyPackage expired. */
const keptAfterExpiryMs = 30 * dayMs;
/** A commit that adds this device may be under way this long after another last resort took the place of its one. */
const keptAfterReplacementMs = 14 * dayMs;

/** The stored record keypackages/<ref>. */
interface StoredKeyPackage {
  record: Bytes;
  madeMs: number;
  notAfterMs: number;
  lastResort: boolean;
  /** The features that it names. Absent in records of versions without, and of those that did not note them. */
  features?: string;
  /** Made for a re-add request, never published. */
  requested?: true;
  /** … to be added to this channel, as hex. */
  channel?: string;
  /** Of a last resort: the server has taken it. */
  taken?: true;
  /** Of a last resort: when the server had taken another one, by the later of both clocks. */
  replacedMs?: number;
}

export interface KeyPackageOptions {
  store: SealedStore;
  rpc: RpcClient;
  clock: ServerTime;
  device: DeviceKeys;
  credential: DeviceCredential;
  /** How many fresh KeyPackages the server should have at any time: 20. */
  wantedStock?: number | undefined;
}

/** The {@link KeyPackageStock} of this device. */
export class KeyPackageKeeper implements KeyPackageStock {
  readonly #options: KeyPackageOptions;
  readonly #working = new Mutex();
  /** When the queue was last read to its end, by the earlier of both clocks. Never before this engine read it. */
  #queueReadMs = -Infinity;
  /** A Welcome has used the present last resort. An older server does not tell of it. */
  #lastResortUsed = false;

  constructor(options: KeyPackageOptions) {
    this.#options = options;
  }

  async replenish(
    onProgress: (done: number, total: number) => void = () => {},
    renewsLastResort = false,
  ): Promise<void> {
    await asEngineErrors(() => this.#working.runExclusive(() => this.#replenish(onProgress, renewsLastResort)));
  }

  queueRead(): void {
    const { clock } = this.#options;
    this.#queueReadMs = Math.min(clock.now(), clock.deviceNow());
  }

  async forOwnGroup(): Promise<Bytes> {
    return (await this.#make(false)).privateRecord;
  }

  async forRequest(channelId: Uint8Array) {
    const { keyPackage, ref, privateRecord, notAfterMs } = await this.#make(false);
    const value: StoredKeyPackage = {
      record: privateRecord,
      madeMs: this.#options.clock.now(),
      notAfterMs,
      lastResort: false,
      requested: true,
      channel: toHex(channelId),
    };
    return { keyPackage, ref, put: { store: "keypackages" as const, key: toHex(ref), value } };
  }

  async candidates(channelId: Uint8Array): Promise<Bytes[]> {
    const stored = await asEngineErrors(() => this.#stored());
    return likeliestFirst(stored, channelId);
  }

  async requested(channelId: Uint8Array): Promise<Bytes[]> {
    const stored = await asEngineErrors(() => this.#stored());
    return likeliestFirst(stored.filter(({ value }) => value.requested), channelId);
  }

  async consumed(ref: Uint8Array): Promise<{ store: StoreName; key: string }[]> {
    const key = toHex(ref);
    const stored = await asEngineErrors(() => this.#options.store.get<StoredKeyPackage>("keypackages", key));
    if (stored?.lastResort && stored.replacedMs === undefined) this.#lastResortUsed = true;
    return !stored || stored.lastResort ? [] : [{ store: "keypackages", key }];
  }

  async #replenish(onProgress: (done: number, total: number) => void, renewsLastResort: boolean): Promise<void> {
    const { store, rpc, clock, wantedStock = defaultStock } = this.#options;
    const onServer = await rpc.call(authentication.countKeyPackages, {});
    const stored = await this.#stored();
    const nowMs = clock.now();
    // One of an earlier version would keep this device out of groups that ask for more (GRP-2.8).
    const isOfAge = ({ madeMs, features }: StoredKeyPackage, ageMs: number) =>
      features === ownFeatures.join() && nowMs - madeMs >= -begunBeforeMs && nowMs - madeMs < ageMs;
    const fresh = stored.filter(({ value }) => !value.requested && !value.lastResort && isOfAge(value, freshForMs));
    // Some KeyPackages stored here may not have reached the server, and some on the server may be old: the lower
    // count is certain.
    const missing = Math.max(0, wantedStock - Math.min(onServer.available, fresh.length));
    const hasFresh = stored.some(({ value }) => value.taken && isOfAge(value, lastResortRenewalMs));
    // A server says "none" as well of one that it has handed out.
    const remakeLastResort = renewsLastResort || this.#lastResortUsed || !onServer.lastResort || !hasFresh;
    const outdated = stored.filter(({ value }) => this.#isOutdated(value)).map(({ key }) => ({
      store: "keypackages" as const,
      key,
    }));
    const total = missing + (remakeLastResort ? 1 : 0);
    if (total === 0 && outdated.length === 0) return;

    const made: (MadeKeyPackage & { lastResort: boolean })[] = [];
    // The last resort comes first: with it the device can be reached already.
    for (let index = 0; index < total; index++) {
      const lastResort = remakeLastResort && index === 0;
      made.push({ ...await this.#make(lastResort), lastResort });
      onProgress(made.length, total);
    }
    const puts = made.map(({ ref, privateRecord, notAfterMs, lastResort }) => {
      const value: StoredKeyPackage = {
        record: privateRecord,
        madeMs: nowMs,
        notAfterMs,
        lastResort,
        features: ownFeatures.join(),
      };
      return { store: "keypackages" as const, key: toHex(ref), value };
    });
    await store.write({ puts, deletes: outdated });
    if (total === 0) return;
    await rpc.call(authentication.uploadKeyPackages, {
      keyPackages: made.filter(({ lastResort }) => !lastResort).map(({ keyPackage }) => keyPackage),
      lastResort: made.find(({ lastResort }) => lastResort)?.keyPackage ?? new Uint8Array(),
    });
    const last = puts.find(({ value }) => value.lastResort);
    if (last) await this.#taken(last, stored);
  }

  /** The server has taken a new last resort: the private parts of the ones before are to go. */
  async #taken(last: { key: string; value: StoredKeyPackage }, before: (typeof last)[]): Promise<void> {
    const { store, clock } = this.#options;
    this.#lastResortUsed = false;
    const replacedMs = Math.max(clock.now(), clock.deviceNow());
    const changed: (typeof last)[] = [
      { ...last, value: { ...last.value, taken: true } },
      ...before.filter(({ value }) => value.lastResort && value.replacedMs === undefined)
        .map(({ key, value }) => ({ key, value: { ...value, replacedMs } })),
    ];
    await store.write({ puts: changed.map(({ key, value }) => ({ store: "keypackages", key, value })) });
  }

  /**
   * A deleted private part is lost for ever, and a Welcome for it may wait in the queue. So both clocks must have
   * passed its time, and the queue must have been read to its end after that.
   */
  #isOutdated({ lastResort, notAfterMs, replacedMs = Infinity }: StoredKeyPackage): boolean {
    const endMs = lastResort ? replacedMs + keptAfterReplacementMs : notAfterMs + keptAfterExpiryMs;
    return endMs < this.#queueReadMs;
  }

  async #stored(): Promise<{ key: string; value: StoredKeyPackage }[]> {
    return await this.#options.store.range<StoredKeyPackage>("keypackages", "");
  }

  async #make(lastResort: boolean): Promise<MadeKeyPackage> {
    const { device, credential, clock } = this.#options;
    return await makeKeyPackage({
      credential,
      signatureKeyPair: { seed: device.deviceSeed, publicKey: device.recipientKey },
      nowMs: clock.now(),
      lastResort,
    });
  }
}

/**
 * Each try costs some ms. A device that has lost its place in hundreds of groups has as many open requests, and would
 * try all of them for each Welcome.
 *
 * @returns the records, those that were made for this channel first, and those for other channels last
 */
function likeliestFirst(stored: { value: StoredKeyPackage }[], channelId: Uint8Array): Bytes[] {
  const own = toHex(channelId);
  const rank = ({ value: { channel } }: { value: StoredKeyPackage }) =>
    channel === undefined ? 1 : channel === own ? 0 : 2;
  return stored.toSorted((a, b) => rank(a) - rank(b)).map(({ value }) => value.record);
}

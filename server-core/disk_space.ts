/**
 * Watches the free space of the data directory. Below the operator's reserve whatever stores more is refused, so that
 * there is always room to acknowledge, to delete and to make a backup by hand.
 */

import { statfsSync } from "node:fs";
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { authentication, delivery, type Method } from "../schema/rpc/methods.ts";
import { errorFields, type Log } from "../server-common/log.ts";

/** A disk fills and empties slowly, and a look at it is a call of the operating system. */
const lookEveryMs = 500;
/** It is over when this part of the reserve is free besides it: at the limit itself answers would change each time. */
const recoveryShare = 1 / 5;
/** Advice to a refused caller: an operator or a purge has to make room. */
const retryAfterMs = 60_000;

/** The space of a disk as a process without privileges sees it. */
export interface DiskState {
  freeBytes: number;
  totalBytes: number;
  /** Of bytes or of inodes, whichever is less. 0 to 100. */
  freePercent: number;
}

/**
 * Calls that leave more on the disk than they find. The others work on a full disk, too: reading, acknowledging,
 * signing in and out, a new password, a new device list (a revocation is one).
 */
const growing = new Set<Method>([
  authentication.registerStart,
  authentication.registerFinish,
  authentication.putVault,
  authentication.putSettings,
  authentication.putLink,
  authentication.requestJoin,
  authentication.report,
  authentication.uploadKeyPackages,
  delivery.createChannel,
  delivery.commit,
  delivery.publish,
  delivery.publishInOrder,
  delivery.enqueue,
  delivery.putBlob,
  delivery.putBlobPart,
]);

/**
 * @param folder must exist
 * @throws Deno.errors.NotCapable without the permission `sys: statfs`
 */
export function readDisk(folder: string): DiskState {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(folder);
  // Some file systems count no inodes.
  const shares = [bavail / blocks, ...(files > 0 ? [ffree / files] : [])];
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freePercent: 100 * Math.min(...shares) };
}

export interface DiskSpaceOptions {
  /** The data directory. */
  dataDir: string;
  /** Percent of the disk that stay free; 0: nothing is ever refused. */
  reservePercent: number;
  log: Log;
  /** ms, from any beginning. */
  clock?: () => number;
  read?: (folder: string) => DiskState;
}

export class DiskSpace {
  readonly #options: Required<DiskSpaceOptions>;
  #state?: DiskState;
  #lookedMs = -Infinity;
  #refuses = false;
  #isUnknown = false;

  constructor({ clock = () => performance.now(), read = readDisk, ...options }: DiskSpaceOptions) {
    this.#options = { ...options, clock, read };
  }

  /** @returns the disk as of the last half second; undefined where the system does not say */
  get state(): DiskState | undefined {
    this.#look();
    return this.#state;
  }

  /** @returns whether calls that store more are refused now */
  get refuses(): boolean {
    this.#look();
    return this.#refuses;
  }

  /**
   * @param bytes that are about to be stored besides
   * @throws WireError E032 while less than the reserve is free, or would be
   */
  requireRoom(bytes = 0): void {
    this.#look();
    const { reservePercent } = this.#options;
    const isTooLarge = this.#state !== undefined && reservePercent > 0 &&
      100 * (this.#state.freeBytes - bytes) / this.#state.totalBytes < reservePercent;
    if (!this.#refuses && !isTooLarge) return;
    throw new WireError(ErrorCode.quotaExceeded, "the server's disk is nearly full", retryAfterMs);
  }

  /** Judges a call before its body is read. @throws WireError E032 as {@link requireRoom}, if the call stores more */
  admit(method: Method): void {
    if (growing.has(method)) this.requireRoom();
  }

  #look(): void {
    const { dataDir, reservePercent, log, clock, read } = this.#options;
    const nowMs = clock();
    if (nowMs - this.#lookedMs < lookEveryMs) return;
    this.#lookedMs = nowMs;
    try {
      this.#state = read(dataDir);
    } catch (error) {
      this.#state = undefined;
      if (!this.#isUnknown) log.warn("free disk space is not known: nothing is refused for it", errorFields(error));
      this.#isUnknown = true;
    }
    if (!this.#state) return void (this.#refuses = false);
    const { freePercent, freeBytes } = this.#state;
    const more = Math.min(reservePercent * recoveryShare, (100 - reservePercent) / 2);
    const needed = reservePercent + (this.#refuses ? more : 0);
    const refuses = freePercent < needed;
    if (refuses === this.#refuses) return;
    this.#refuses = refuses;
    const fields = { freePercent: Math.floor(freePercent * 10) / 10, freeBytes, reservePercent };
    if (refuses) log.error("disk nearly full: nothing new is stored until there is room (QPQ_DISK_RESERVE)", fields);
    else log.info("there is room on the disk again", fields);
  }
}

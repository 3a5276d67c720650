/**
 * Pictures of people and groups as blobs: put on the server, read from the device or from there, and put up again
 * before the server deletes them (specification §7.11). Their owner's devices do that for a person's picture, and any
 * member that has the bytes for a group's.
 */

import { type Bytes, equalBytes, sha256 } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { isDisconnection } from "../account/errors.ts";
import { spoolName } from "../attachments/attachment.ts";
import { BlobReader } from "../attachments/blob_reader.ts";
import { pictureCiphertext, sealPicture } from "../attachments/picture_blob.ts";
import { ciphertextLength } from "../attachments/pieces.ts";
import type { SpoolFiles } from "../attachments/spool_files.ts";
import { decodePicture, pictureId, type PictureReference } from "../content/profile.ts";
import { SingleFlight } from "../runtime/single_flight.ts";
import { Timers } from "../runtime/timers.ts";
import { isMember } from "../sync/conversation/standing.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";

/** A server keeps blobs for 30 days, unless its operator chose another time. So long a device believes it, in ms. */
const usualLifeMs = 30 * 24 * 3_600_000;
/** Which part of its life passes before a blob is put up again. */
const renewAfter = 2 / 3;
/** How often that is looked at, in ms. */
const lookEveryMs = 3_600_000;
/** The first look after a connection waits for what is more urgent, in ms. */
const firstLookMs = 30_000;
/** How many members, as a mean, put a group's picture up again in this time, in ms. */
const renewals = 8;
const renewWithinMs = (1 - renewAfter) * usualLifeMs;
/** What the first look of a run counts for: a device that is there once a day has its chance each day. */
const unknownRestMs = 24 * 3_600_000;

/** In "account": the bytes of the own picture, which its owner must have. */
interface OwnPicture {
  /** hex */
  id: string;
  bytes: Bytes;
}
const ownPictureKey = "picture/own";
/** In "account": from when on the pictures of its groups are to be put up again, in ms, by id. */
type DuePictures = Record<string, number>;
const duePicturesKey = "picture/due";

/** The pictures of one signed-in device. */
export class Pictures {
  readonly #context: SyncContext;
  readonly #files: SpoolFiles;
  readonly #report: (error: unknown) => void;
  readonly #timers: Timers;
  readonly #looks = new SingleFlight();
  readonly #reading = new Map<string, Promise<Bytes>>();
  #connected = false;
  #lookedMs: number | undefined;

  constructor(context: SyncContext, files: SpoolFiles, report: (error: unknown) => void) {
    this.#context = context;
    this.#files = files;
    this.#report = report;
    this.#timers = new Timers(context.environment);
  }

  connected(): void {
    this.#connected = true;
    this.#timers.start("look", firstLookMs, () => this.look());
  }

  disconnected(): void {
    this.#connected = false;
    this.#timers.cancel("look");
  }

  close(): void {
    this.#timers.close();
  }

  /** Encrypts a picture and puts it on the server, until it is due again. @throws WireError, TransportError */
  async put(bytes: Bytes): Promise<{ picture: PictureReference; renewMs: number }> {
    const { blob, ciphertext } = await sealPicture(bytes);
    const renewMs = await this.#upload(blob.sha256, ciphertext);
    const written = this.#files.cache(spoolName(blob, bytes.length), 0, ciphertext);
    // It is on the server as well.
    await written.catch(() => {});
    return { picture: { ...blob, size: bytes.length }, renewMs };
  }

  /** @throws EngineError L039 where it is not what was sealed; WireError E031; TransportError */
  read(picture: PictureReference): Promise<Bytes> {
    const id = pictureId(picture);
    const reading = this.#reading.get(id) ?? this.#read(picture).finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }

  /** Keeps the own picture, and puts up again what is due. */
  look(): void {
    if (!this.#connected) return;
    this.#timers.start("look", lookEveryMs, () => this.look());
    void this.#looks.run("own", () => this.#keepOwn()).catch(this.#report);
    void this.#looks.run("groups", () => this.#keepGroups()).catch(this.#report);
  }

  async #read(picture: PictureReference): Promise<Bytes> {
    const { store, rpc, environment } = this.#context;
    const own = await store.get<OwnPicture>("account", ownPictureKey);
    if (own?.id === pictureId(picture)) return own.bytes;
    const shown = { name: "", type: "application/octet-stream", kind: "file" as const };
    const reader = new BlobReader(rpc, this.#files, { ...shown, size: picture.size, blob: picture }, environment);
    try {
      return new Uint8Array(await reader.piece(0));
    } finally {
      reader.close();
    }
  }

  /** @returns when it is due again */
  async #upload(hash: Bytes, ciphertext: Bytes): Promise<number> {
    const { rpc, account } = this.#context;
    const params = { sha256: hash, length: ciphertext.length };
    const { expiresMs } = await rpc.call(delivery.putBlob, params, {}, ciphertext);
    const nowMs = account.clock.now();
    return Math.round(nowMs + renewAfter * Math.max(0, expiresMs - nowMs));
  }

  async #keepOwn(): Promise<void> {
    const { store, account } = this.#context;
    const { picture, renewMs = 0 } = account.settings.content.profile ?? {};
    const known = await store.get<OwnPicture>("account", ownPictureKey);
    if (!picture) {
      if (known) await store.write({ deletes: [{ store: "account", key: ownPictureKey }] });
      return;
    }
    const id = pictureId(picture);
    const bytes = known?.id === id ? known.bytes : await this.read(picture);
    if (known?.id !== id) {
      const value: OwnPicture = { id, bytes };
      await store.write({ puts: [{ store: "account", key: ownPictureKey, value }] });
    }
    if (account.clock.now() < renewMs) return;
    const next = await this.#upload(picture.sha256, await pictureCiphertext(bytes, picture));
    await account.settings.change((content) => {
      const isSame = content.profile?.picture && pictureId(content.profile.picture) === id;
      return isSame ? { ...content, profile: { ...content.profile!, renewMs: next } } : undefined;
    });
  }

  async #keepGroups(): Promise<void> {
    const { store, account, conversations, environment } = this.#context;
    const before = await store.get<DuePictures>("account", duePicturesKey) ?? {};
    const after: DuePictures = {};
    const now = account.clock.now();
    const chance = renewals * Math.max(0, now - (this.#lookedMs ?? now - unknownRestMs)) / renewWithinMs;
    this.#lookedMs = now;
    for (const { record } of conversations.all()) {
      const picture = isMember(record) && !record.invitation ? decodePicture(record.data?.picture) : undefined;
      if (!picture) continue;
      const id = pictureId(picture);
      after[id] = before[id] ?? now + renewAfter * usualLifeMs;
      if (now < after[id]) continue;
      if (environment.random() * record.members.length > chance) continue;
      try {
        after[id] = await this.#putAgain(picture) ?? after[id];
      } catch (error) {
        // What the server does not take of one group is no matter of the others.
        if (isDisconnection(error)) throw error;
        this.#report(error);
      }
    }
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await store.write({ puts: [{ store: "account", key: duePicturesKey, value: after }] });
  }

  /** @returns when it is due again; undefined where this device does not have its bytes as they were sealed */
  async #putAgain(picture: PictureReference): Promise<number | undefined> {
    const length = ciphertextLength(picture.size);
    const kept = await this.#files.use(spoolName(picture, picture.size), (file) => file.read(0, length)).catch(() =>
      undefined
    );
    const isWhole = kept?.length === length && equalBytes(await sha256(kept), picture.sha256);
    return isWhole ? await this.#upload(picture.sha256, kept) : undefined;
  }
}

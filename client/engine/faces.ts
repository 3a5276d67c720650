/** What people show of themselves: the own profile, those of others, and pictures of people and groups. */

import type { Bytes } from "../../schema/bytes.ts";
import { type Face, maxPictureFileBytes, maxPictureSide, type ProfileChange } from "../api/profiles_api.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import type { SharedProfile } from "../account/settings/settings_content.ts";
import {
  decodePicture,
  encodePicture,
  faceOf,
  isAbout,
  isAhead,
  isDisplayName,
  pictureId,
  type PictureReference,
} from "../content/profile.ts";
import { pictureSize } from "../content/picture_file.ts";
import { acquaintances } from "../sync/conversation/projection.ts";
import { faceKey, facePrefix, type FaceRecord } from "../sync/conversation/faces.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import type { GroupSettings } from "../sync/membership/group_settings.ts";
import type { Outbox } from "../sync/send/outbox.ts";
import { ownProfile, ProfileSender } from "../sync/send/profile_sender.ts";
import type { SpoolFiles } from "../attachments/spool_files.ts";
import { Pictures } from "./pictures.ts";

/** Accounts whose profiles are kept. What came longest ago goes first. */
const maxFaces = 5_000;

/** The faces of one signed-in device. */
export class Faces {
  readonly #context: SyncContext;
  readonly #sender: ProfileSender;
  readonly #pictures: Pictures;
  readonly #faces = new Map<string, FaceRecord>();
  readonly #changed: () => void;
  #told: number | undefined;

  /** @param changed called when somebody shows something else @param report of errors that no call has */
  constructor(
    context: SyncContext,
    outbox: Outbox,
    { files, changed, report }: { files: SpoolFiles; changed: () => void; report: (error: unknown) => void },
  ) {
    this.#context = context;
    this.#sender = new ProfileSender(context, outbox, report);
    this.#changed = changed;
    this.#pictures = new Pictures(context, files, report);
    context.events.on("faceChanged", (accountKey, face) => {
      this.#faces.delete(accountKey);
      this.#faces.set(accountKey, face);
      void this.#bound().catch(report);
      changed();
    });
  }

  /** Reads what was kept. @throws StorageError */
  async load(): Promise<void> {
    const records = await this.#context.store.range<FaceRecord>("account", facePrefix);
    records.sort((a, b) => a.value.atMs - b.value.atMs);
    for (const { key, value } of records) {
      if (!isAhead(value.v, value.atMs)) this.#faces.set(key.slice(facePrefix.length), value);
    }
    this.#told = this.#own?.v;
  }

  /** Whether the own profile is to be told somewhere. */
  get busy(): boolean {
    return this.#sender.busy;
  }

  /** Messages may be sent from now on. */
  connected(): void {
    this.#sender.connected();
    this.#pictures.connected();
  }

  disconnected(): void {
    this.#sender.disconnected();
    this.#pictures.disconnected();
  }

  close(): void {
    this.#sender.close();
    this.#pictures.close();
  }

  /** The people of a conversation are others, or may be told something. @param hasSpoken see {@link ProfileSender} */
  look(chatId: string, hasSpoken = false): void {
    this.#sender.look(chatId, hasSpoken);
  }

  /** The account's settings are others: here, or on another device. */
  settingsChanged(): void {
    if (this.#own?.v === this.#told) return;
    this.#told = this.#own?.v;
    this.#changed();
    this.#sender.lookAtAll();
    this.#pictures.look();
  }

  /** @param accountKey as hex @returns what a person shows; nothing of a person whom the user blocks */
  of(accountKey: string): Face {
    const { ownKey, account } = this.#context;
    if (accountKey === ownKey) return this.own();
    const known = this.#faces.get(accountKey);
    return known && !account.settings.isBlocked(accountKey) ? faceOf(known) : {};
  }

  /** See `ProfilesApi.profile`. */
  own(): Face {
    return this.#own ? faceOf(this.#own) : {};
  }

  /** See `ProfilesApi.setProfile`. @throws EngineError L045, L046, L001 and as putBlob */
  async change({ displayName, about, picture }: ProfileChange): Promise<void> {
    const { account } = this.#context;
    const [name, line] = [displayName, about].map((text) => text?.trim().normalize("NFC"));
    if (name && !isDisplayName(name)) throw badProfile("a display name that can not be one");
    if (line && !isAbout(line)) throw badProfile("a line about oneself that can not be one");
    const put = picture ? await this.#pictures.put(requirePicture(picture)) : undefined;
    await account.settings.change((content) => {
      const nowMs = account.clock.now();
      const stored = content.profile;
      const before: SharedProfile = stored && !isAhead(stored.v, nowMs) ? stored : { v: 0 };
      const shown = {
        name: name === undefined ? before.name : name || undefined,
        about: line === undefined ? before.about : line || undefined,
        ...(picture === undefined ? { picture: before.picture, renewMs: before.renewMs } : put),
      };
      const fields = Object.entries(shown).filter(([, value]) => value !== undefined);
      // The time makes it grow where the settings were lost.
      const profile: SharedProfile = { v: Math.max(before.v + 1, nowMs), ...Object.fromEntries(fields) };
      return { ...content, profile };
    });
  }

  /** See `ProfilesApi.picture`. @throws EngineError L046, L020, L001; WireError E031 */
  async picture(id: string): Promise<Bytes> {
    const found = this.#reference(id);
    if (!found) throw badPicture("nobody known has this picture");
    const bytes = await this.#pictures.read(found);
    if (!pictureSize(bytes)) throw badPicture("not a picture within the limits");
    return bytes;
  }

  /** See `ProfilesApi.setGroupPicture`. @throws EngineError L010, L019, L044, L046, L001 */
  async setGroupPicture(settings: GroupSettings, chatId: string, picture: Bytes | null): Promise<void> {
    settings.requireGroup(chatId);
    const put = picture && await this.#pictures.put(requirePicture(picture));
    await settings.setPicture(chatId, put ? encodePicture(put.picture) : undefined);
  }

  get #own(): SharedProfile | undefined {
    return ownProfile(this.#context);
  }

  #reference(id: string): PictureReference | undefined {
    const { account, conversations } = this.#context;
    const isIt = (one: PictureReference | undefined) => one !== undefined && pictureId(one) === id;
    const [own] = [this.#own?.picture].filter(isIt);
    if (own) return own;
    const known = acquaintances(conversations.all());
    for (const [accountKey, { picture }] of this.#faces) {
      if (isIt(picture) && known.has(accountKey) && !account.settings.isBlocked(accountKey)) return picture;
    }
    return conversations.all().filter(({ record }) => !record.invitation).map(({ record }) =>
      decodePicture(record.data?.picture)
    ).find(isIt);
  }

  async #bound(): Promise<void> {
    const over = [...this.#faces.keys()].slice(0, Math.max(0, this.#faces.size - maxFaces));
    if (over.length === 0) return;
    for (const accountKey of over) this.#faces.delete(accountKey);
    const deletes = over.map((accountKey) => ({ store: "account" as const, key: faceKey(accountKey) }));
    await this.#context.store.write({ deletes });
  }
}

function requirePicture(bytes: Bytes): Bytes {
  if (pictureSize(bytes)) return bytes;
  throw badPicture(`a JPEG or WebP of at most ${maxPictureFileBytes} bytes and ${maxPictureSide} pixels a side`);
}

function badPicture(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badPicture, detail });
}

function badProfile(detail: string): EngineError {
  return new EngineError({ code: LocalCode.badProfile, detail });
}

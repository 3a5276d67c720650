/**
 * What the devices of an account share beside the vault: whom they hear, the account's invite links, and which chat is
 * the note to self (specification §9.1).
 *
 *     sealed = nonce (12) ‖ AES-256-GCM(HKDF(vaultKey, "qpq/1 settings"), padded CBOR, AAD = accountKey ‖ u64 version)
 *     padded CBOR = u32 length ‖ CBOR ‖ zeros up to a multiple of 1,024 bytes
 */

import { type Bytes, concat, u64, utf8 } from "../../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../../schema/cbor.ts";
import { MalformedError } from "../../../schema/malformed_error.ts";
import { bytesOf, countOf, listOf, textOf } from "../../../schema/shape.ts";
import { type Profile, profileOf } from "../../content/profile.ts";
import { openAesGcm, sealAesGcm } from "../../crypto/aead.ts";
import { hkdfSha256 } from "../../crypto/hkdf.ts";

/** Who may begin a chat with the account. */
export type ContactPolicy = "everybody" | "groups" | "invited";

/** A person from whom nothing is shown. */
export interface BlockedPerson {
  /** 32 bytes. */
  accountKey: Bytes;
  username: string;
  sinceMs: number;
}

/** An invite link of the account. */
export interface SharedLink {
  /** 16 bytes. */
  secret: Bytes;
  /** 32 bytes: the private X-Wing key to which requests are sealed. */
  seed: Bytes;
  /** Of a link into a group: the first channel's id, 32 bytes. */
  group?: Bytes;
  /** Who asks is let in. Else an admin is asked. */
  letsIn: boolean;
  createdMs: number;
  endMs: number;
  /** Account keys of those who were let in or answered by it, 8 bytes of each: nobody comes in twice unasked. */
  answered: Bytes;
}

/** Somebody who asked by a contact link: the chat that they begin is no invitation. */
export interface Guest {
  /** 32 bytes. */
  accountKey: Bytes;
  untilMs: number;
}

/** The own profile. */
export interface SharedProfile extends Profile {
  /** From when on, in ms, the picture is to be put up again: the server would delete it some time later. */
  renewMs?: number;
}

export interface SettingsContent {
  policy: ContactPolicy;
  blocked: BlockedPerson[];
  links: SharedLink[];
  guests: Guest[];
  /** The first channel's id of the note to self, 32 bytes. */
  notes?: Bytes;
  /** False: what was read is not told. */
  readReceipts?: boolean;
  /** False: that the user is typing is not told. */
  typing?: boolean;
  /** What the account shows of itself. */
  profile?: SharedProfile;
  /** Fields of a later version, which are kept as they are. */
  others: Record<string, unknown>;
}

/** People that an account blocks. */
export const maxBlocked = 500;
/** Links of an account; the server keeps as many. */
export const maxLinks = 50;
/** Guests whose chats are awaited; the newest stay. */
export const maxGuests = 200;
/** Bytes of `answered` of all links. */
export const maxAnsweredBytes = 16_000;
const nonceLength = 12;
const paddedTo = 1024;
const policies: ContactPolicy[] = ["everybody", "groups", "invited"];
const fields = new Set(["blocked", "guests", "links", "notes", "policy", "profile", "readReceipts", "typing"]);

/** @returns the settings of an account that has none yet */
export function noSettings(): SettingsContent {
  return { policy: "everybody", blocked: [], links: [], guests: [], others: {} };
}

/** @returns `sealed` of that version @throws RangeError over the server's 128 KiB, which the limits above rule out */
export async function sealSettings(
  content: SettingsContent,
  vaultKey: Uint8Array,
  accountKey: Uint8Array,
  version: number,
): Promise<Bytes> {
  const { others, ...known } = content;
  const cbor = encodeCbor({ ...others, ...known });
  const padded = new Uint8Array(Math.ceil((4 + cbor.length) / paddedTo) * paddedTo);
  new DataView(padded.buffer).setUint32(0, cbor.length);
  padded.set(cbor, 4);
  const nonce = crypto.getRandomValues(new Uint8Array(nonceLength));
  return concat(nonce, await sealAesGcm(keyOf(vaultKey), nonce, concat(accountKey, u64(version)), padded));
}

/** @returns the content, or undefined where it does not open @throws MalformedError where it is no settings */
export async function openSettings(
  sealed: Uint8Array,
  vaultKey: Uint8Array,
  accountKey: Uint8Array,
  version: number,
): Promise<SettingsContent | undefined> {
  const [nonce, ciphertext] = [sealed.subarray(0, nonceLength), sealed.subarray(nonceLength)];
  const padded = await openAesGcm(keyOf(vaultKey), nonce, concat(accountKey, u64(version)), ciphertext);
  if (!padded) return undefined;
  const length = padded.length < 4 ? 0 : new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  return contentOf(decodeCbor(padded.subarray(4, 4 + length)));
}

function keyOf(vaultKey: Uint8Array): Bytes {
  return hkdfSha256(vaultKey, utf8("qpq/1 settings"), 32);
}

function contentOf(value: unknown): SettingsContent {
  const record = mapOf(value, "settings");
  const { notes, readReceipts, typing } = record;
  const profile = sharedProfileOf(record.profile);
  if (!policies.includes(record.policy as ContactPolicy)) throw new MalformedError("settings: no such policy");
  return {
    policy: record.policy as ContactPolicy,
    blocked: listOf(record.blocked, maxBlocked, "blocked", blockedOf),
    links: listOf(record.links, maxLinks, "links", linkOf),
    guests: listOf(record.guests, maxGuests, "guests", guestOf),
    ...(notes !== undefined && { notes: bytesOf(notes, 32, "notes") }),
    ...(readReceipts === false && { readReceipts }),
    ...(typing === false && { typing }),
    ...(profile && { profile }),
    others: Object.fromEntries(Object.entries(record).filter(([name]) => !fields.has(name))),
  };
}

function sharedProfileOf(value: unknown): SharedProfile | undefined {
  const profile = profileOf(value);
  if (!profile) return undefined;
  const { renewMs } = mapOf(value, "profile");
  return { ...profile, ...(renewMs !== undefined && { renewMs: countOf(renewMs, "profile") }) };
}

function blockedOf(value: unknown, what: string): BlockedPerson {
  const { accountKey, username, sinceMs } = mapOf(value, what);
  return {
    accountKey: bytesOf(accountKey, 32, what),
    username: textOf(username, 32, what),
    sinceMs: countOf(sinceMs, what),
  };
}

function linkOf(value: unknown, what: string): SharedLink {
  const { secret, seed, group, letsIn, createdMs, endMs, answered } = mapOf(value, what);
  return {
    secret: bytesOf(secret, 16, what),
    seed: bytesOf(seed, 32, what),
    ...(group !== undefined && { group: bytesOf(group, 32, what) }),
    letsIn: letsIn === true,
    createdMs: countOf(createdMs, what),
    endMs: countOf(endMs, what),
    answered: bytesOf(answered, undefined, what),
  };
}

function guestOf(value: unknown, what: string): Guest {
  const { accountKey, untilMs } = mapOf(value, what);
  return { accountKey: bytesOf(accountKey, 32, what), untilMs: countOf(untilMs, what) };
}

/** @returns a map with whatever fields: those that are not known are a later version's */
function mapOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new MalformedError(`${what}: not a map`);
  }
  return value as Record<string, unknown>;
}

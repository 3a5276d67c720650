/**
 * The text of an invite link, behind "#/i/" of the app's address (specification §9.2): base64url of
 *
 *     1 ‖ kind (0: chat, 1: group) ‖ u64 end, ms ‖ account key (32) ‖ SHA-256 of the link's public key (32) ‖
 *     secret (16) ‖ username (UTF-8)
 */

import { type Bytes, concat, u64 } from "../../../schema/bytes.ts";
import { isUsername } from "../../../schema/username.ts";

/** What an invite link says. */
export interface InviteLink {
  kind: "chat" | "group";
  /** Of its maker. */
  username: string;
  /** 32 bytes: the maker's. The client takes no other for that name. */
  accountKey: Bytes;
  /** 32 bytes: SHA-256 of the X-Wing key to which requests are sealed. */
  publicKeyHash: Bytes;
  /** 16 bytes. */
  secret: Bytes;
  /** ms since the Unix epoch. */
  endMs: number;
}

const version = 1;
const fixedLength = 1 + 1 + 8 + 32 + 32 + 16;
/** The longest text: a name of 32 characters. */
const longestText = Math.ceil((fixedLength + 32) * 4 / 3);

/** @returns the text of a link, at most 163 characters */
export function linkText({ kind, username, accountKey, publicKeyHash, secret, endMs }: InviteLink): string {
  const head = new Uint8Array([version, kind === "chat" ? 0 : 1]);
  const name = new TextEncoder().encode(username);
  return toBase64Url(concat(head, u64(endMs), accountKey, publicKeyHash, secret, name));
}

/**
 * @param text of a link, or the whole address; foreign
 * @returns what it says; undefined for what is no link of this version
 */
export function parseLink(text: string): InviteLink | undefined {
  const [, code = text.trim()] = /#\/i\/([^\s#]+)\s*$/.exec(text) ?? [];
  if (code.length > longestText || !/^[A-Za-z0-9_-]+$/.test(code)) return undefined;
  const bytes = fromBase64Url(code);
  // The one text of these bytes: a link that differs in unused bits would be another one for whoever compares.
  if (!bytes || bytes.length <= fixedLength || toBase64Url(bytes) !== code) return undefined;
  const end = new DataView(bytes.buffer).getBigUint64(2);
  const username = new TextDecoder().decode(bytes.subarray(fixedLength));
  if (bytes[0] !== version || bytes[1] > 1 || end > BigInt(Number.MAX_SAFE_INTEGER) || !isUsername(username)) {
    return undefined;
  }
  return {
    kind: bytes[1] === 0 ? "chat" : "group",
    username,
    accountKey: bytes.slice(10, 42),
    publicKeyHash: bytes.slice(42, 74),
    secret: bytes.slice(74, 90),
    endMs: Number(end),
  };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(
      atob(text.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}

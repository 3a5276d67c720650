/** Pins: account keys as first seen (trust on first use), and the merge of the pins of two devices. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import { encodeCbor } from "../../../schema/cbor.ts";
import { bytesOf, countOf, recordOf } from "../../../schema/shape.ts";
import { usernameOf } from "../../../schema/username.ts";

export interface Pin {
  username: string;
  /** 32 bytes. */
  accountKey: Bytes;
  /** Ms since the Unix epoch. */
  firstSeen: number;
  verified: boolean;
  /**
   * How many times the user has decided about this name: accepted another key, compared safety numbers, or
   * withdrew that. Of two pins the one with more decisions is the newer one.
   */
  decisionCount: number;
}

/** A pin as the vault and the storage hold it. */
export interface StoredPin extends Omit<Pin, "decisionCount"> {
  decided: number;
}

/** What is written, in bytes of encoded pins, so that a vault fits into the server's 128 KiB (`Vault.sealed`). */
const maxKeptPinBytes = 90 * 1024;

/** @returns the pin in its stored form; the order of its fields is part of the form */
export function pinToStored({ username, accountKey, firstSeen, verified, decisionCount }: Pin): StoredPin {
  return { username, accountKey, firstSeen, verified, decided: decisionCount };
}

/** @returns the pin of a stored form */
export function pinFromStored({ decided, ...pin }: StoredPin): Pin {
  return { ...pin, decisionCount: decided };
}

/**
 * Checks a pin that came with the vault.
 *
 * @param what names the value in an error
 * @throws MalformedError
 */
export function pinOf(value: unknown, what: string): Pin {
  const { username, accountKey, firstSeen, verified, decided } = recordOf(value, [
    "username",
    "accountKey",
    "firstSeen",
    "verified",
    "decided",
  ], what);
  return {
    username: usernameOf(username),
    accountKey: bytesOf(accountKey, 32, "accountKey"),
    firstSeen: countOf(firstSeen, "firstSeen"),
    verified: verified === true,
    decisionCount: countOf(decided, "decided"),
  };
}

/**
 * Merges the pins of two devices. Where they pinned different keys under a name, the pin with more decisions of
 * the user stays. Without a decision the earlier pin stays: a lying server would show its own key later.
 *
 * @param ours this device's
 * @param theirs the vault's
 * @returns sorted by username, so that equal knowledge gives equal bytes
 */
export function mergePins(ours: Pin[], theirs: Pin[]): Pin[] {
  const merged = new Map(theirs.map((pin) => [pin.username, pin]));
  for (const pin of ours) {
    const other = merged.get(pin.username);
    if (!other) merged.set(pin.username, pin);
    else if (equalBytes(other.accountKey, pin.accountKey)) {
      merged.set(pin.username, {
        ...(other.decisionCount > pin.decisionCount ? other : pin),
        firstSeen: Math.min(pin.firstSeen, other.firstSeen),
      });
    } else if (supersedesPin(pin, other)) merged.set(pin.username, pin);
  }
  return [...merged.values()].sort((a, b) => a.username < b.username ? -1 : 1);
}

/** @returns whether the first of two pins with different keys is the one to keep */
export function supersedesPin(pin: Pin, other: Pin): boolean {
  return pin.decisionCount !== other.decisionCount
    ? pin.decisionCount > other.decisionCount
    : pin.firstSeen < other.firstSeen;
}

/**
 * The pins that a vault has room for: first those that the user decided on, then the earliest. Strangers can
 * make a device see any number of accounts, but only after all accounts that it saw before, so they displace
 * nobody.
 *
 * @returns in the order of `pins`
 */
export function fittingPins(pins: Pin[]): Pin[] {
  const ranked = [...pins].sort((a, b) =>
    Number(b.decisionCount > 0) - Number(a.decisionCount > 0) || a.firstSeen - b.firstSeen ||
    (a.username < b.username ? -1 : 1)
  );
  const kept = new Set<Pin>();
  let bytes = 0;
  for (const pin of ranked) {
    bytes += encodeCbor(pinToStored(pin)).length;
    if (bytes > maxKeptPinBytes) break;
    kept.add(pin);
  }
  return pins.filter((pin) => kept.has(pin));
}

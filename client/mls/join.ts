/**
 * Joins a group by Welcome. The header identifies the used KeyPackage and yields S; S opens the Welcome. Every leaf of
 * the tree is checked before the group exists on this device.
 */

import { type ClientState, joinGroupWithExtensions, type PskIndex, type RatchetTree, type Welcome } from "ts-mls";
import { ratchetTreeFromExtension } from "ts-mls/groupInfo.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { accumulatePskSecret } from "ts-mls/pskIndex.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { isXWingPublicKey } from "../crypto/xwing.ts";
import { groupInfoOf, leftChannelsOf } from "./extensions.ts";
import { epochPskId, openBundlePart, openHeader } from "./hybrid.ts";
import { membersOf } from "./identity.ts";
import { decodePrivateRecord, type KeyPackagePrivate } from "./key_package.ts";
import { pathKeysAgree } from "./path_keys.ts";
import { decodeMessage } from "./process.ts";
import { rejected } from "./rules.ts";
import { checkUniqueKeys } from "./rules_unique_keys.ts";
import { makeState } from "./state.ts";
import { trustedAttempt } from "./trust.ts";
import type { GroupInfo, JoinResult, Member, MlsOptions, Rejected } from "./types.ts";

export interface WelcomeEntry {
  channelId: Uint8Array;
  n: bigint;
  header: Uint8Array;
  sealedWelcome: Uint8Array;
  candidates: Uint8Array[];
  live: boolean;
}

/**
 * Joins a group by a Welcome (RFC 9420 §12.4.3.1) under the rules GRP-7. Never throws on foreign input.
 *
 * @returns the group's state, or why the Welcome was refused or could not be opened
 */
export async function joinFromWelcome(options: MlsOptions, entry: WelcomeEntry): Promise<JoinResult> {
  if (entry.live) return rejected("GRP-7.1", "a Welcome for a group that is live here");
  const found = await findCandidate(entry);
  if (found === undefined) return { kind: "unreadable", reason: "header" };
  const body = await openBundlePart("welcome", entry.sealedWelcome, found.S, entry.channelId, entry.n);
  if (body === undefined) return { kind: "unreadable", reason: "commit-seal" };
  const message = decodeMessage(body);
  if (message?.wireformat !== "mls_welcome") return rejected("framing", "not a Welcome");
  if (message.welcome.cipherSuite !== ciphersuite.name) {
    return rejected("GRP-7.4", "the Welcome is of another ciphersuite");
  }

  const { keyPackage, keys, xwingSeed } = found.candidate;
  const pskIndex = onlyPsk(epochPskId(entry.channelId, entry.n), found.S);
  const groupInfo = await groupInfoOfWelcome(message.welcome, found.candidate, entry, found.S);
  const tree = groupInfo && treeOf(groupInfo);
  // Before ts-mls, whose refusal of a damaged tree has no rule's number.
  const clash = tree && checkUniqueKeys(tree);
  if (clash) return clash;
  const joined = await trustedAttempt(
    options.trust,
    "join",
    (config) =>
      joinGroupWithExtensions(
        message.welcome,
        keyPackage,
        keys,
        pskIndex.index,
        ciphersuite,
        undefined,
        undefined,
        config,
      ),
  );
  if ("failure" in joined) return rejected(joined.untrusted ? "untrusted" : "mls", joined.failure);
  const [mls] = joined.value;
  // A Welcome whose group secrets name no PSK would join by X25519 alone.
  if (pskIndex.used() !== 1) return rejected("GRP-2.3", "the Welcome does not carry exactly the epoch's PSK");
  const judged = await judgeGroup(mls, entry);
  if ("code" in judged) return judged;
  const ownLeaf = { [2 * mls.privatePath.leafIndex]: keys.hpkePrivateKey };
  // Every commit has a path (GRP-2.4), so every Welcome has a secret of it. A joiner without it could not follow.
  const hasSecret = Object.keys(mls.privatePath.privateKeys).length > 1;
  if (!hasSecret || !(await pathKeysAgree(mls, ownLeaf))) {
    return rejected("GRP-2.7", "the Welcome's path secret is not the tree's");
  }
  const newState = await makeState(mls, xwingSeed);
  return {
    kind: "processed",
    newState,
    S: found.S,
    info: judged.info,
    // joinGroup has opened the same GroupInfo, and checked that its signer's leaf is in the tree.
    adder: judged.members.find(({ leafIndex }) => leafIndex === groupInfo!.signer)!,
    leftChannels: leftChannelsOf(groupInfo!.extensions),
    leafMadeMs: Number(keyPackage.leafNode.lifetime.notBefore) * 1000,
    keyPackageRef: new Uint8Array(await makeKeyPackageRef(keyPackage, ciphersuite.hash)),
  };
}

interface Found {
  candidate: KeyPackagePrivate;
  S: Bytes;
}

/**
 * Finds the KeyPackage that was used: only its X-Wing key opens the header (ML-KEM rejects implicitly, then
 * the AEAD fails).
 */
async function findCandidate({ candidates, header, channelId, n }: WelcomeEntry): Promise<Found | undefined> {
  for (const record of candidates) {
    const candidate = decodePrivateRecord(record);
    const recipientKey = candidate.keyPackage.leafNode.signaturePublicKey;
    const S = await openHeader(header, candidate.xwingSeed, { channelId, n, recipientKey });
    if (S !== undefined) return { candidate, S };
  }
  return undefined;
}

/** A PSK index that has only the epoch's PSK, and counts how often it is asked for it. */
function onlyPsk(pskId: Bytes, S: Bytes): { index: PskIndex; used: () => number } {
  let count = 0;
  const index: PskIndex = {
    findPsk(id) {
      if (id.psktype !== "external" || !equalBytes(id.pskId, pskId)) return undefined;
      count += 1;
      return S;
    },
  };
  return { index, used: () => count };
}

async function judgeGroup(
  mls: ClientState,
  { channelId, n }: WelcomeEntry,
): Promise<{ info: GroupInfo; members: Member[] } | Rejected> {
  if (!equalBytes(mls.groupContext.groupId, channelId)) return rejected("GRP-7.2", "the group_id is not the channelId");
  if (mls.groupContext.epoch !== n) return rejected("GRP-7.2", "the Welcome is of another epoch");
  try {
    const info = groupInfoOf(mls.groupContext.extensions);
    const members = membersOf(mls.ratchetTree, info);
    const usable = await Promise.all(members.map(({ xwingPublicKey }) => isXWingPublicKey(xwingPublicKey)));
    if (usable.includes(false)) return rejected("GRP-3.2", "a member's hybrid key is not usable");
    // No commit that this device checked has added the founders' leaves. A "direct chat with Bob" could otherwise
    // contain a third account that reads everything.
    const accounts = new Set(members.map(({ credential }) => toHex(credential.accountKey)));
    if (info.kind === "direct" && accounts.size > 2) return rejected("GRP-4.3", "a direct channel has two accounts");
    return { info, members };
  } catch (error) {
    if (error instanceof MalformedError) return rejected("GRP-2.6", error.message);
    throw error;
  }
}

/**
 * The Welcome's GroupInfo, with signer and tree: joinGroup checks them, but returns neither the signer nor why it
 * refuses a tree.
 *
 * @returns undefined where it does not open, as joinGroup says again
 */
async function groupInfoOfWelcome(
  welcome: Welcome,
  { keyPackage, keys }: KeyPackagePrivate,
  { channelId, n }: WelcomeEntry,
  S: Bytes,
): Promise<GroupInfoOfWelcome | undefined> {
  try {
    const secrets = await decryptGroupSecrets(
      await ciphersuite.hpke.importPrivateKey(keys.initPrivateKey),
      await makeKeyPackageRef(keyPackage, ciphersuite.hash),
      welcome,
      ciphersuite.hpke,
    );
    const { index } = onlyPsk(epochPskId(channelId, n), S);
    const [pskSecret] = await accumulatePskSecret(
      secrets!.psks,
      index,
      ciphersuite,
      new Uint8Array(ciphersuite.kdf.size),
    );
    return await decryptGroupInfo(welcome, secrets!.joinerSecret, pskSecret, ciphersuite);
  } catch {
    // ts-mls throws errors of several kinds on bad input.
    return undefined;
  }
}

/** @returns undefined where it is missing or malformed, as joinGroup says again */
function treeOf(groupInfo: GroupInfoOfWelcome): RatchetTree | undefined {
  try {
    return ratchetTreeFromExtension(groupInfo);
  } catch {
    return undefined;
  }
}

type GroupInfoOfWelcome = NonNullable<Awaited<ReturnType<typeof decryptGroupInfo>>>;

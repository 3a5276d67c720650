/** The project's MLS extensions: codes, codecs, and the capabilities that every leaf needs. */

import type { Capabilities, Extension, LeafNode } from "ts-mls";
import { encodeRequiredCapabilities } from "ts-mls";
import { encode } from "ts-mls/codec/tlsEncoder.js";
import { extensionsSupportedByCapabilities } from "ts-mls/extension.js";
import { leafNodeEncoder } from "ts-mls/leafNode.js";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, recordOf, textOf } from "../../schema/shape.ts";
import { maxGroupName } from "../api/profiles_api.ts";
import { ciphersuiteName } from "../crypto/provider.ts";
import { xwingPublicKeyLength } from "../crypto/xwing.ts";
import { groupDataOf } from "./group_data.ts";
import type { GroupInfo, Role, Supersedes } from "./types.ts";

/** draft-ietf-mls-extensions: KeyPackage extension without content. */
export const lastResortType = 0x000a;
/**
 * Leaf-node extension (private-use range, RFC 9420 §17.3): the X-Wing public key, 1,216 bytes (specification
 * §1.4).
 */
export const xwingKeyType = 0xf0a0;
/** GroupContext extension: name, kind, roles, and what group_data.ts has. */
const groupInfoType = 0xf0a1;
/** GroupContext extension of a replacement channel (specification §3.5). */
const supersedesType = 0xf0a2;

/** GroupInfo extension of a Welcome: the channels that the adder's conversation has left (specification §3.5). */
const leftChannelsType = 0xf0a3;
/** How many channels a Welcome names at most: as many as a conversation remembers. */
export const maxLeftChannels = 16;

/** The capabilities that each leaf of this client declares. */
export function ownCapabilities(): Capabilities {
  return {
    versions: ["mls10"],
    ciphersuites: [ciphersuiteName],
    extensions: [lastResortType, xwingKeyType, groupInfoType, supersedesType],
    proposals: [],
    credentials: ["basic"],
  };
}

/** The required_capabilities of every group (GRP-3.2): a leaf without the X-Wing key can not be in the tree. */
const requiredCapabilities: Extension = {
  extensionType: "required_capabilities",
  extensionData: encodeRequiredCapabilities({
    extensionTypes: [xwingKeyType, groupInfoType],
    proposalTypes: [],
    credentialTypes: ["basic"],
  }),
};

/**
 * The bytes of a leaf, as of a KeyPackage on the server. The leaf stands in the tree of every Welcome and in the state
 * of every device: larger ones could fill the 16 MiB of a commit, and then nobody could be added any more.
 */
export const maxLeafBytes = 8_192;

/** Whether a leaf is small enough to stand in a tree. */
export function isSmallLeaf(leaf: LeafNode): boolean {
  return encode(leafNodeEncoder)(leaf).length <= maxLeafBytes;
}

/** Whether a leaf declares what a group requires of it, and each extension that it carries (RFC 9420 §7.2, §7.3). */
export function hasRequiredCapabilities({ capabilities, extensions }: LeafNode): boolean {
  return capabilities.credentials.includes("basic") &&
    [xwingKeyType, groupInfoType].every((type) => capabilities.extensions.includes(type)) &&
    extensionsSupportedByCapabilities(extensions, capabilities);
}

/** @param publicKey 1,216 bytes @returns leaf-node extension 0xF0A0 (specification §1.4) */
export function xwingKeyExtension(publicKey: Uint8Array): Extension {
  return { extensionType: xwingKeyType, extensionData: publicKey };
}

/** @throws MalformedError when the leaf has no X-Wing key, more than one, or one of another length */
export function xwingKeyOf(leaf: LeafNode): Bytes {
  const found = leaf.extensions.filter(({ extensionType }) => extensionType === xwingKeyType);
  if (found.length !== 1) throw new MalformedError(`leaf has ${found.length} X-Wing keys`);
  return bytesOf(found[0].extensionData, xwingPublicKeyLength, "X-Wing key");
}

/** @returns the GroupContext extensions, always in this order */
export function groupContextExtensions(info: GroupInfo): Extension[] {
  const own = { extensionType: groupInfoType, extensionData: encodeGroupInfo(info) };
  if (info.supersedes === undefined) return [requiredCapabilities, own];
  return [requiredCapabilities, own, {
    extensionType: supersedesType,
    extensionData: encodeSupersedes(info.supersedes),
  }];
}

/**
 * @throws MalformedError unless the extensions are exactly required_capabilities, 0xF0A1 and perhaps 0xF0A2,
 *   each once
 */
export function groupInfoOf(extensions: Extension[]): GroupInfo {
  const [required, own, replacement, ...rest] = extensions;
  if (required?.extensionType !== "required_capabilities" || own?.extensionType !== groupInfoType || rest.length > 0) {
    throw new MalformedError("GroupContext: wrong extensions");
  }
  if (!equalBytes(required.extensionData, requiredCapabilities.extensionData)) {
    throw new MalformedError("GroupContext: required_capabilities are not ours");
  }
  if (replacement !== undefined && replacement.extensionType !== supersedesType) {
    throw new MalformedError("GroupContext: wrong extensions");
  }
  const info = decodeGroupInfo(own.extensionData);
  return replacement === undefined ? info : { ...info, supersedes: decodeSupersedes(replacement.extensionData) };
}

function encodeGroupInfo({ name, kind, roles, createdMs, data }: GroupInfo): Bytes {
  return encodeCbor({ v: 1, name, kind, roles, createdMs, ...(data && { data }) });
}

function decodeGroupInfo(bytes: Uint8Array): GroupInfo {
  const decoded = decodeCbor(bytes);
  const hasData = typeof decoded === "object" && decoded !== null && Object.hasOwn(decoded, "data");
  const fields: Record<string, unknown> = recordOf(
    decoded,
    ["v", "name", "kind", "roles", "createdMs", ...(hasData ? ["data"] : [])],
    "group info",
  );
  if (fields.v !== 1) throw new MalformedError("group info: version");
  if (fields.kind !== "direct" && fields.kind !== "group") throw new MalformedError("group info: kind");
  return {
    name: textOf(fields.name, maxGroupName, "name"),
    kind: fields.kind,
    roles: rolesOf(fields.roles),
    createdMs: countOf(fields.createdMs, "createdMs"),
    ...(hasData && { data: groupDataOf(fields.data) }),
  };
}

function rolesOf(value: unknown): Record<string, Role> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new MalformedError("roles: not a map");
  }
  const entries = Object.entries(value);
  if (entries.length > 2000) throw new MalformedError("roles: too many");
  for (const [accountKey, role] of entries) {
    if (!/^[0-9a-f]{64}$/.test(accountKey) || (role !== "admin" && role !== "member")) {
      throw new MalformedError("roles: not account key → role");
    }
  }
  return Object.fromEntries(entries) as Record<string, Role>;
}

/** The lengths of the optional fields in bytes, where they are fixed. */
const supersedesOptional = { firstChannelId: 32, commits: undefined, maker: 32, signature: 64 } as const;
/** The length of all named commits together, in bytes. */
const maxSupersedesCommits = 32 * 24;

function encodeSupersedes(
  { channelId, lastEpoch, transcriptHash, reason, firstChannelId, commits, maker, signature }: Supersedes,
): Bytes {
  return encodeCbor({
    channelId,
    lastEpoch: Number(lastEpoch),
    transcriptHash,
    reason,
    ...(firstChannelId && { firstChannelId }),
    ...(commits && { commits }),
    ...(maker && { maker }),
    ...(signature && { signature }),
  });
}

function decodeSupersedes(bytes: Uint8Array): Supersedes {
  const decoded = decodeCbor(bytes);
  const optional = (Object.keys(supersedesOptional) as (keyof typeof supersedesOptional)[]).filter((name) =>
    typeof decoded === "object" && decoded !== null && Object.hasOwn(decoded, name)
  );
  const fields: Record<string, unknown> = recordOf(decoded, [
    "channelId",
    "lastEpoch",
    "transcriptHash",
    "reason",
    ...optional,
  ], "supersedes");
  const named = Object.fromEntries(
    optional.map((name) => [name, bytesOf(fields[name], supersedesOptional[name], name)]),
  );
  if (named.commits && (named.commits.length > maxSupersedesCommits || named.commits.length % 24 !== 0)) {
    throw new MalformedError("supersedes: commits");
  }
  return {
    channelId: bytesOf(fields.channelId, 32, "channelId"),
    lastEpoch: BigInt(countOf(fields.lastEpoch, "lastEpoch")),
    transcriptHash: bytesOf(fields.transcriptHash, 32, "transcriptHash"),
    reason: textOf(fields.reason, 200, "reason"),
    ...named,
  };
}

/**
 * @param channels 32 bytes each, newest last; of more than {@link maxLeftChannels} the newest
 * @returns the GroupInfo extensions of a Welcome. The signature of the GroupInfo covers them; readers that do not know
 *   0xF0A3 ignore it (RFC 9420 §13)
 */
export function leftChannelsExtensions(channels: Uint8Array[]): Extension[] {
  if (channels.length === 0) return [];
  const left = channels.slice(-maxLeftChannels);
  return [{ extensionType: leftChannelsType, extensionData: encodeCbor({ v: 1, left }) }];
}

/** @returns the channels that a Welcome's GroupInfo names as left; none where the extension is missing or malformed */
export function leftChannelsOf(extensions: Extension[]): Bytes[] {
  const found = extensions.filter(({ extensionType }) => extensionType === leftChannelsType);
  if (found.length !== 1) return [];
  try {
    const { v, left } = recordOf(decodeCbor(found[0].extensionData), ["v", "left"], "left channels");
    if (v !== 1 || !Array.isArray(left) || left.length > maxLeftChannels) return [];
    return left.map((channelId) => bytesOf(channelId, 32, "channelId"));
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

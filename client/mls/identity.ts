/**
 * The identity of a leaf: its credential (specification §1.3), the trust hook that ts-mls calls for each leaf, and the
 * member in the engine's form.
 */

import type { AuthenticationService, ClientConfig, Credential, LeafNode, RatchetTree } from "ts-mls";
import { defaultKeyPackageEqualityConfig, defaultLifetimeConfig } from "ts-mls";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import {
  decodeCredential,
  type DeviceCredential,
  encodeCredential,
  verifyCredential,
} from "../../schema/credential.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { xwingKeyOf } from "./extensions.ts";
import { featuresOf } from "./features.ts";
import type { GroupInfo, Member, Role, Trust, TrustUse } from "./types.ts";

/** @returns the MLS basic credential that carries `credential` */
export function mlsCredential(credential: DeviceCredential): Credential {
  return { credentialType: "basic", identity: encodeCredential(credential) };
}

/** @throws MalformedError for another credential type or identity */
export function deviceCredentialOf(credential: Credential): DeviceCredential {
  if (credential.credentialType !== "basic") throw new MalformedError("credential: not basic");
  return decodeCredential(credential.identity);
}

/**
 * The checks of a leaf's credential, in order: form, root signature and device id, then the engine's trust.
 *
 * @param refusals gets one sentence for each refusal, because ts-mls passes on a bare false
 */
export function authenticationService(
  trust: Trust,
  useOf: (leafSignatureKey: Uint8Array) => TrustUse,
  refusals: string[],
): AuthenticationService {
  return {
    async validateCredential(credential, signaturePublicKey) {
      const refusal = await refusalOf(credential, new Uint8Array(signaturePublicKey), trust, useOf(signaturePublicKey));
      if (refusal !== undefined) refusals.push(refusal);
      return refusal === undefined;
    },
  };
}

async function refusalOf(
  credential: Credential,
  leafSignatureKey: Bytes,
  trust: Trust,
  use: TrustUse,
): Promise<string | undefined> {
  let device: DeviceCredential;
  try {
    device = deviceCredentialOf(credential);
  } catch (error) {
    if (error instanceof MalformedError) return error.message;
    throw error;
  }
  if (!(await verifyCredential(device, leafSignatureKey))) {
    return `the root key of ${device.username} does not vouch for the leaf key`;
  }
  const answer = await trust(device, leafSignatureKey, use);
  return answer === true ? undefined : answer;
}

/**
 * ts-mls's configuration with our limits: few skipped generations (specification §3.6, §8), no padding of its
 * own (§2). ts-mls keeps an epoch before with 0 as well; state.ts drops it.
 */
export function clientConfig(authService: AuthenticationService): ClientConfig {
  return {
    keyRetentionConfig: { retainKeysForEpochs: 1, retainKeysForGenerations: 32, maximumForwardRatchetSteps: 200 },
    lifetimeConfig: defaultLifetimeConfig,
    keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
    paddingConfig: { kind: "padUntilLength", padUntilLength: 0 },
    authService,
  };
}

/** @returns the account's role: `roles` names only what differs from member */
export function roleOf(info: GroupInfo, accountKey: Uint8Array): Role {
  return info.roles[toHex(accountKey)] ?? "member";
}

type DecodedLeaf = Pick<Member, "credential" | "recipientKey" | "xwingPublicKey" | "features">;

/** Decoded leaves. ts-mls shares an unchanged leaf between the trees of several epochs. */
const decodedLeaves = new WeakMap<LeafNode, DecodedLeaf>();

function decodedLeaf(leaf: LeafNode): DecodedLeaf {
  let decoded = decodedLeaves.get(leaf);
  if (!decoded) {
    decoded = {
      credential: deviceCredentialOf(leaf.credential),
      recipientKey: new Uint8Array(leaf.signaturePublicKey),
      xwingPublicKey: xwingKeyOf(leaf),
      features: featuresOf(leaf),
    };
    decodedLeaves.set(leaf, decoded);
  }
  return decoded;
}

/** @throws MalformedError when credential or X-Wing key are malformed */
export function memberOf(leafIndex: number, leaf: LeafNode, info: GroupInfo): Member {
  const decoded = decodedLeaf(leaf);
  return { leafIndex, ...decoded, role: roleOf(info, decoded.credential.accountKey) };
}

/** In leaf order. @throws MalformedError as {@link memberOf} */
export function membersOf(tree: RatchetTree, info: GroupInfo): Member[] {
  return tree.flatMap((node, nodeIndex) => node?.nodeType === "leaf" ? [memberOf(nodeIndex / 2, node.leaf, info)] : []);
}

/** @returns the leaf node, or undefined where the tree has none */
export function leafAt(tree: RatchetTree, leafIndex: number): LeafNode | undefined {
  const node = tree[2 * leafIndex];
  return node?.nodeType === "leaf" ? node.leaf : undefined;
}

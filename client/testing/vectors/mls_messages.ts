/** MLS vectors of messages: message-protection, welcome, passive clients. */

import {
  bytesToBase64,
  type ClientState,
  decodeMlsMessage,
  joinGroup,
  makePskIndex,
  type MLSMessage,
  processMessage,
  processPrivateMessage,
} from "ts-mls";
import { defaultKeyPackageEqualityConfig, defaultLifetimeConfig, type RatchetTree } from "ts-mls";
import type { FramedContent, GroupContext } from "ts-mls";
import { createContentCommitSignature } from "ts-mls/framedContent.js";
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { protectApplicationData, protectProposal, unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { protectProposalPublic, protectPublicMessage, unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { decodeProposal, encodeProposal } from "ts-mls/proposal.js";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { decodeCommit, encodeCommit } from "ts-mls/commit.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import { ciphersuite, ciphersuiteName } from "../../crypto/provider.ts";
import { type Checker, VectorError } from "./check.ts";
import type { Case } from "./mls_keys.ts";

// The vectors' own leaves: their credentials say nothing that we could judge.
const vectorConfig = {
  keyRetentionConfig: { retainKeysForGenerations: 10, retainKeysForEpochs: 4, maximumForwardRatchetSteps: 200 },
  lifetimeConfig: defaultLifetimeConfig,
  keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
  paddingConfig: { kind: "padUntilLength", padUntilLength: 0 } as const,
  authService: { validateCredential: async () => true },
};

function message<W extends MLSMessage["wireformat"]>(
  hex: string,
  wireformat: W,
): Extract<MLSMessage, { wireformat: W }> {
  const decoded = decodeMlsMessage(fromHex(hex), 0)?.[0];
  if (decoded?.wireformat !== wireformat) throw new VectorError(`not an MLSMessage of kind ${wireformat}`);
  return decoded as Extract<MLSMessage, { wireformat: W }>;
}

/** RFC 9420's own content of each kind, unprotected from both framings and protected again. */
export async function messageProtection(vector: Case, check: Checker): Promise<void> {
  const context: GroupContext = {
    version: "mls10",
    cipherSuite: ciphersuiteName,
    groupId: fromHex(vector.group_id),
    epoch: BigInt(vector.epoch),
    treeHash: fromHex(vector.tree_hash),
    confirmedTranscriptHash: fromHex(vector.confirmed_transcript_hash),
    extensions: [],
  };
  const [senderData, membership, signer] = [
    fromHex(vector.sender_data_secret),
    fromHex(vector.membership_key),
    fromHex(vector.signature_pub),
  ];
  const signKey = fromHex(vector.signature_priv);
  const secrets = () => createSecretTree(2, fromHex(vector.encryption_secret), ciphersuite.kdf);
  // The group has two members and the sender is leaf 1; its key is given apart from the tree.
  const tree = [{ nodeType: "leaf" }, undefined, { nodeType: "leaf" }] as unknown as RatchetTree;
  const openPrivate = async (hex: string) => {
    const { privateMessage } = message(hex, "mls_private_message");
    return (await unprotectPrivateMessage(
      senderData,
      privateMessage,
      await secrets(),
      tree,
      context,
      vectorConfig.keyRetentionConfig,
      ciphersuite,
      signer,
    )).content.content;
  };
  const openPublic = async (hex: string) => {
    const { publicMessage } = message(hex, "mls_public_message");
    return (await unprotectPublicMessage(membership, context, tree, publicMessage, ciphersuite, signer)).content;
  };

  check.equal(inner(await openPrivate(vector.proposal_priv)), vector.proposal, "proposal_priv");
  check.equal(inner(await openPublic(vector.proposal_pub)), vector.proposal, "proposal_pub");
  check.equal(inner(await openPrivate(vector.commit_priv)), vector.commit, "commit_priv");
  check.equal(inner(await openPublic(vector.commit_pub)), vector.commit, "commit_pub");
  check.equal(inner(await openPrivate(vector.application_priv)), vector.application, "application_priv");

  const proposal = decodeProposal(fromHex(vector.proposal), 0)![0];
  const none = new Uint8Array();
  const own = await protectProposal(
    signKey,
    senderData,
    proposal,
    none,
    context,
    await secrets(),
    1,
    vectorConfig.paddingConfig,
    ciphersuite,
  );
  const reopened = await unprotectPrivateMessage(
    senderData,
    own.privateMessage,
    await secrets(),
    tree,
    context,
    vectorConfig.keyRetentionConfig,
    ciphersuite,
    signer,
  );
  check.equal(inner(reopened.content.content), vector.proposal, "proposal protected privately");
  const ownPublic = await protectProposalPublic(signKey, membership, context, none, proposal, 1, ciphersuite);
  check.equal(
    inner(
      (await unprotectPublicMessage(membership, context, tree, ownPublic.publicMessage, ciphersuite, signer)).content,
    ),
    vector.proposal,
    "proposal protected publicly",
  );
  const ownApplication = await protectApplicationData(
    signKey,
    senderData,
    fromHex(vector.application),
    none,
    context,
    await secrets(),
    1,
    vectorConfig.paddingConfig,
    ciphersuite,
  );
  const application = await unprotectPrivateMessage(
    senderData,
    ownApplication.privateMessage,
    await secrets(),
    tree,
    context,
    vectorConfig.keyRetentionConfig,
    ciphersuite,
    signer,
  );
  check.equal(inner(application.content.content), vector.application, "application protected");

  const commit = decodeCommit(fromHex(vector.commit), 0)![0];
  const { framedContent, signature } = await createContentCommitSignature(
    context,
    "mls_public_message",
    commit,
    { senderType: "member", leafIndex: 1 },
    none,
    signKey,
    ciphersuite.signature,
  );
  const auth = { contentType: "commit", signature, confirmationTag: new Uint8Array(32) } as const;
  const ownCommit = await protectPublicMessage(membership, context, {
    wireformat: "mls_public_message",
    content: framedContent,
    auth,
  }, ciphersuite);
  check.equal(
    inner((await unprotectPublicMessage(membership, context, tree, ownCommit, ciphersuite, signer)).content),
    vector.commit,
    "commit protected publicly",
  );
}

function inner(content: FramedContent): Uint8Array {
  if (content.contentType === "application") return content.applicationData;
  return content.contentType === "proposal" ? encodeProposal(content.proposal) : encodeCommit(content.commit);
}

/** Runs a case of welcome.json. @throws VectorError */
export async function welcome(vector: Case, check: Checker): Promise<void> {
  const { keyPackage } = message(vector.key_package, "mls_key_package");
  const { welcome: sealed } = message(vector.welcome, "mls_welcome");
  const initKey = await ciphersuite.hpke.importPrivateKey(fromHex(vector.init_priv));
  const secrets = await decryptGroupSecrets(
    initKey,
    await makeKeyPackageRef(keyPackage, ciphersuite.hash),
    sealed,
    ciphersuite.hpke,
  );
  if (secrets === undefined) throw new VectorError("welcome: no group secrets");
  const noPsk = new Uint8Array(32);
  const groupInfo = await decryptGroupInfo(sealed, secrets.joinerSecret, noPsk, ciphersuite);
  if (groupInfo === undefined) throw new VectorError("welcome: no GroupInfo");
  check.isTrue(
    await verifyGroupInfoSignature(groupInfo, fromHex(vector.signer_pub), ciphersuite.signature),
    "GroupInfo signature",
  );
  check.isTrue(
    await verifyGroupInfoConfirmationTag(groupInfo, secrets.joinerSecret, noPsk, ciphersuite),
    "confirmation_tag",
  );
}

/** Joins by Welcome and follows the commits of another implementation. */
export async function passiveClient(vector: Case, check: Checker): Promise<void> {
  const { keyPackage } = message(vector.key_package, "mls_key_package");
  const keys = {
    initPrivateKey: fromHex(vector.init_priv),
    hpkePrivateKey: fromHex(vector.encryption_priv),
    signaturePrivateKey: fromHex(vector.signature_priv),
  };
  const psks = Object.fromEntries(
    vector.external_psks.map(({ psk_id, psk }: Case) => [bytesToBase64(fromHex(psk_id)), fromHex(psk)]),
  );
  const tree = vector.ratchet_tree === null ? undefined : decodeRatchetTree(fromHex(vector.ratchet_tree), 0)?.[0];
  let state: ClientState = await joinGroup(
    message(vector.welcome, "mls_welcome").welcome,
    keyPackage,
    keys,
    makePskIndex(undefined, psks),
    ciphersuite,
    tree,
    undefined,
    vectorConfig,
  );
  check.equal(state.keySchedule.epochAuthenticator, vector.initial_epoch_authenticator, "initial epoch authenticator");
  for (const { proposals, commit, epoch_authenticator } of vector.epochs) {
    for (const hex of [...proposals, commit]) state = await step(state, hex, psks);
    check.equal(
      state.keySchedule.epochAuthenticator,
      epoch_authenticator,
      `epoch authenticator of ${toHex(state.groupContext.groupId).slice(0, 8)}/${state.groupContext.epoch}`,
    );
  }
}

async function step(state: ClientState, hex: string, psks: Record<string, Uint8Array>): Promise<ClientState> {
  const decoded = decodeMlsMessage(fromHex(hex), 0)?.[0];
  const index = makePskIndex(state, psks);
  if (decoded?.wireformat === "mls_private_message") {
    return (await processPrivateMessage(state, decoded.privateMessage, index, ciphersuite)).newState;
  }
  if (decoded?.wireformat === "mls_public_message") {
    return (await processMessage(decoded, state, index, () => "accept", ciphersuite)).newState;
  }
  throw new VectorError("passive client: neither public nor private message");
}

/** MLS vectors of keys and hashes: crypto-basics, key-schedule, psk_secret, secret-tree, transcript-hashes. */

import { decodeAuthenticatedContent } from "ts-mls/authenticatedContent.js";
import { refhash } from "ts-mls/crypto/hash.js";
import { decryptWithLabel, encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
import { signWithLabel, verifyWithLabel } from "ts-mls/crypto/signature.js";
import { verifyConfirmationTag } from "ts-mls/framedContent.js";
import { encode } from "ts-mls/codec/tlsEncoder.js";
import { type GroupContext, groupContextEncoder } from "ts-mls/groupContext.js";
import { initializeEpoch, mlsExporter } from "ts-mls/keySchedule.js";
import { computePskSecret, type PreSharedKeyID } from "ts-mls/presharedkey.js";
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from "ts-mls/secretTree.js";
import { expandSenderDataKey, expandSenderDataNonce } from "ts-mls/sender.js";
import { createConfirmedHash, createInterimHash } from "ts-mls/transcriptHash.js";
import { fromHex } from "../../../schema/bytes.ts";
import { ciphersuite, ciphersuiteName } from "../../crypto/provider.ts";
import type { Checker } from "./check.ts";

/** One case of a vector file; the format is the working group's. */
// deno-lint-ignore no-explicit-any
export type Case = any;

const { kdf, hash, hpke, signature } = ciphersuite;

/** Runs a case of crypto-basics.json. @throws VectorError */
export async function cryptoBasics(vector: Case, check: Checker): Promise<void> {
  const {
    ref_hash,
    expand_with_label: expand,
    derive_secret: derive,
    derive_tree_secret: tree,
    sign_with_label: sign,
    encrypt_with_label: encrypt,
  } = vector;
  check.equal(await refhash(ref_hash.label, fromHex(ref_hash.value), hash), ref_hash.out, "RefHash");
  check.equal(
    await expandWithLabel(fromHex(expand.secret), expand.label, fromHex(expand.context), expand.length, kdf),
    expand.out,
    "ExpandWithLabel",
  );
  check.equal(await deriveSecret(fromHex(derive.secret), derive.label, kdf), derive.out, "DeriveSecret");
  check.equal(
    await deriveTreeSecret(fromHex(tree.secret), tree.label, tree.generation, tree.length, kdf),
    tree.out,
    "DeriveTreeSecret",
  );
  check.isTrue(
    await verifyWithLabel(fromHex(sign.pub), sign.label, fromHex(sign.content), fromHex(sign.signature), signature),
    "VerifyWithLabel",
  );
  check.equal(
    await signWithLabel(fromHex(sign.priv), sign.label, fromHex(sign.content), signature),
    sign.signature,
    "SignWithLabel",
  );
  const priv = await hpke.importPrivateKey(fromHex(encrypt.priv));
  check.equal(
    await decryptWithLabel(
      priv,
      encrypt.label,
      fromHex(encrypt.context),
      fromHex(encrypt.kem_output),
      fromHex(encrypt.ciphertext),
      hpke,
    ),
    encrypt.plaintext,
    "DecryptWithLabel",
  );
  const sealed = await encryptWithLabel(
    await hpke.importPublicKey(fromHex(encrypt.pub)),
    encrypt.label,
    fromHex(encrypt.context),
    fromHex(encrypt.plaintext),
    hpke,
  );
  check.equal(
    await decryptWithLabel(priv, encrypt.label, fromHex(encrypt.context), sealed.enc, sealed.ct, hpke),
    encrypt.plaintext,
    "EncryptWithLabel",
  );
}

/** Runs a case of key-schedule.json. @throws VectorError */
export async function keySchedule(vector: Case, check: Checker): Promise<void> {
  let initSecret: Uint8Array = fromHex(vector.initial_init_secret);
  for (const [index, epoch] of vector.epochs.entries()) {
    const context: GroupContext = {
      version: "mls10",
      cipherSuite: ciphersuiteName,
      groupId: fromHex(vector.group_id),
      epoch: BigInt(index),
      treeHash: fromHex(epoch.tree_hash),
      confirmedTranscriptHash: fromHex(epoch.confirmed_transcript_hash),
      extensions: [],
    };
    check.equal(encode(groupContextEncoder)(context), epoch.group_context, "GroupContext");
    const secrets = await initializeEpoch(
      initSecret,
      fromHex(epoch.commit_secret),
      context,
      fromHex(epoch.psk_secret),
      kdf,
    );
    const { keySchedule: keys } = secrets;
    check.equal(secrets.joinerSecret, epoch.joiner_secret, "joiner_secret");
    check.equal(secrets.welcomeSecret, epoch.welcome_secret, "welcome_secret");
    check.equal(secrets.encryptionSecret, epoch.encryption_secret, "encryption_secret");
    check.equal(keys.initSecret, epoch.init_secret, "init_secret");
    check.equal(keys.senderDataSecret, epoch.sender_data_secret, "sender_data_secret");
    check.equal(keys.exporterSecret, epoch.exporter_secret, "exporter_secret");
    check.equal(keys.epochAuthenticator, epoch.epoch_authenticator, "epoch_authenticator");
    check.equal(keys.externalSecret, epoch.external_secret, "external_secret");
    check.equal(keys.confirmationKey, epoch.confirmation_key, "confirmation_key");
    check.equal(keys.membershipKey, epoch.membership_key, "membership_key");
    check.equal(keys.resumptionPsk, epoch.resumption_psk, "resumption_psk");
    const external = await hpke.deriveKeyPair(keys.externalSecret);
    check.equal(await hpke.exportPublicKey(external.publicKey), epoch.external_pub, "external_pub");
    const { label, context: exportContext, length, secret } = epoch.exporter;
    check.equal(
      await mlsExporter(keys.exporterSecret, label, fromHex(exportContext), length, ciphersuite),
      secret,
      "MLS-Exporter",
    );
    initSecret = keys.initSecret;
  }
}

/** Runs a case of psk_secret.json. @throws VectorError */
export async function pskSecret(vector: Case, check: Checker): Promise<void> {
  const psks = vector.psks.map((
    { psk_id, psk, psk_nonce }: Case,
  ): [PreSharedKeyID, Uint8Array] => [
    { psktype: "external", pskId: fromHex(psk_id), pskNonce: fromHex(psk_nonce) },
    fromHex(psk),
  ]);
  check.equal(await computePskSecret(psks, ciphersuite), vector.psk_secret, "psk_secret");
}

/** Runs a case of secret-tree.json. @throws VectorError */
export async function secretTree(vector: Case, check: Checker): Promise<void> {
  const { sender_data: data } = vector;
  check.equal(
    await expandSenderDataKey(ciphersuite, fromHex(data.sender_data_secret), fromHex(data.ciphertext)),
    data.key,
    "sender data key",
  );
  check.equal(
    await expandSenderDataNonce(ciphersuite, fromHex(data.sender_data_secret), fromHex(data.ciphertext)),
    data.nonce,
    "sender data nonce",
  );
  const tree = await createSecretTree(vector.leaves.length, fromHex(vector.encryption_secret), kdf);
  const config = { retainKeysForGenerations: 32, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 10_000 };
  for (const [leafIndex, generations] of vector.leaves.entries()) {
    for (const wanted of generations) {
      for (const kind of ["handshake", "application"] as const) {
        const [{ secret, generation }] = await ratchetUntil(tree[2 * leafIndex][kind], wanted.generation, config, kdf);
        check.equal(await deriveKey(secret, generation, ciphersuite), wanted[`${kind}_key`], `${kind} key`);
        check.equal(await deriveNonce(secret, generation, ciphersuite), wanted[`${kind}_nonce`], `${kind} nonce`);
      }
    }
  }
}

/** Runs a case of transcript-hashes.json. @throws VectorError */
export async function transcriptHashes(vector: Case, check: Checker): Promise<void> {
  const decoded = decodeAuthenticatedContent(fromHex(vector.authenticated_content), 0)?.[0];
  if (decoded === undefined || decoded.content.contentType !== "commit" || decoded.auth.contentType !== "commit") {
    return check.isTrue(false, "authenticated_content");
  }
  const { wireformat, content, auth } = decoded;
  const confirmed = await createConfirmedHash(fromHex(vector.interim_transcript_hash_before), {
    wireformat,
    content,
    signature: auth.signature,
  }, hash);
  check.equal(confirmed, vector.confirmed_transcript_hash_after, "confirmed_transcript_hash");
  check.isTrue(
    await verifyConfirmationTag(fromHex(vector.confirmation_key), auth.confirmationTag, confirmed, hash),
    "confirmation_tag",
  );
  check.equal(
    await createInterimHash(confirmed, auth.confirmationTag, hash),
    vector.interim_transcript_hash_after,
    "interim_transcript_hash",
  );
}

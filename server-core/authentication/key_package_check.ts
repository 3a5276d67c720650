/**
 * Checks an uploaded KeyPackage before the server hands it out to others (RFC 9420 §10.1, specification §1
 * and §4).
 */

import { decodeMlsMessage, encodeMlsMessage, type KeyPackage } from "ts-mls";
import { extensionTypeToNumber } from "ts-mls/extension.js";
import { verifyKeyPackage } from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { decodeCredential, type DeviceCredential, verifyCredential } from "../../schema/credential.ts";
import { verifyEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { isX25519Key } from "../../schema/x25519.ts";
import type { NewKeyPackage } from "../storage/account_store.ts";
import { sha256Of } from "./tokens.ts";
import { isXWingPublicKey } from "./xwing_public_key.ts";

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (RFC 9420 §17.1). */
const allowedSuite = 0x0001;
/** Leaf-node extension of specification §1.4. */
const xwingKeyType = 0xf0a0;
/** draft-ietf-mls-extensions: KeyPackage extension without content. */
const lastResortType = 0x000a;

/** specification §4.8. */
const maxSpanMs = 26 * 3_600_000;
const maxLastResortSpanMs = 90 * 24 * 3_600_000;
/** How far a client's clock may be ahead. */
const skewMs = 3_600_000;

/** A KeyPackage takes about 2 kB. Those of 20 devices must fit into one answer. */
const maxKeyPackageBytes = 8 * 1024;

/** The only part of a ciphersuite that these checks use. The other two functions are never called. */
const verifier = {
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    verifyEd25519(publicKey, signature, message),
  sign: () => Promise.reject(new Error("verification only")),
  keygen: () => Promise.reject(new Error("verification only")),
};

/** The device that uploads, and its account. */
export interface KeyPackageOwner {
  username: string;
  accountKey: Bytes;
  deviceId: Bytes;
  recipientKey: Bytes;
}

/**
 * Checks the KeyPackages of one device. The account's signature in their credentials is checked once for all
 * that have the same.
 */
export class KeyPackageCheck {
  readonly #owner: KeyPackageOwner;
  readonly #nowMs: number;
  #goodIdentity: Uint8Array | undefined;

  /** @param nowMs the server's clock, ms since the Unix epoch */
  constructor(owner: KeyPackageOwner, nowMs: number) {
    this.#owner = owner;
    this.#nowMs = nowMs;
  }

  /**
   * @param message an MLSMessage of type mls_key_package
   * @param lastResort whether it is to be the device's last resort
   * @returns the fields that storage keeps
   * @throws WireError E020 malformed or bad signature, E021 ciphersuite (judged even where the rest can not
   *   be decoded), E022 lifetime, E023 credential, E025 X-Wing key
   */
  async check(message: Bytes, lastResort: boolean): Promise<NewKeyPackage> {
    checkCiphersuite(message);
    const keyPackage = decode(message);
    const { leafNode } = keyPackage;
    if (!await verifyKeyPackage(keyPackage, verifier)) throw malformed("bad KeyPackage signature");
    if (!await verifyLeafNodeSignatureKeyPackage(leafNode, verifier)) throw malformed("bad leaf signature");
    if (equalBytes(keyPackage.initKey, leafNode.hpkePublicKey)) throw malformed("the init key is the leaf's key");
    // Nobody could seal to such a key, and no commit that adds the device could be made.
    if (!isX25519Key(keyPackage.initKey)) throw malformed("the init key is not usable");
    if (!isX25519Key(leafNode.hpkePublicKey)) throw malformed("the leaf's encryption key is not usable");
    const lifetime = this.#checkLifetime(keyPackage, lastResort);
    await this.#checkOwner(keyPackage);
    checkHybridKey(keyPackage);
    return { sha256: sha256Of(message), keyPackage: message, ...lifetime };
  }

  #checkLifetime(
    { leafNode, extensions }: KeyPackage,
    lastResort: boolean,
  ): { notBeforeMs: number; notAfterMs: number } {
    const refuse = (reason: string) => new WireError(ErrorCode.keyPackageLifetime, `KeyPackage: ${reason}`);
    const notBeforeMs = leafNode.lifetime.notBefore * 1000n;
    const notAfterMs = leafNode.lifetime.notAfter * 1000n;
    if (lastResort && !extensions.some(({ extensionType }) => extensionType === lastResortType)) {
      throw refuse("a last resort without the last_resort extension");
    }
    const spanMs = notAfterMs - notBeforeMs;
    if (spanMs <= 0n || spanMs > BigInt(lastResort ? maxLastResortSpanMs : maxSpanMs)) {
      throw refuse("the lifetime is too long");
    }
    if (notAfterMs <= BigInt(this.#nowMs)) throw refuse("expired");
    if (notBeforeMs > BigInt(this.#nowMs + skewMs)) throw refuse("not valid yet");
    return { notBeforeMs: Number(notBeforeMs), notAfterMs: Number(notAfterMs) };
  }

  async #checkOwner({ leafNode: { credential, signaturePublicKey } }: KeyPackage): Promise<void> {
    const refuse = (reason: string) => new WireError(ErrorCode.keyDoesNotMatchDevice, `KeyPackage: ${reason}`);
    if (!equalBytes(signaturePublicKey, this.#owner.recipientKey)) {
      throw refuse("the signature key is not the calling device's");
    }
    if (credential.credentialType !== "basic" || !("identity" in credential)) throw refuse("not a basic credential");
    if (this.#goodIdentity && equalBytes(this.#goodIdentity, credential.identity)) return;
    const claimed = attempt(() => decodeCredential(credential.identity));
    if (!claimed || !await verifyCredential(claimed, signaturePublicKey)) {
      throw refuse("the credential is not the account's");
    }
    if (!this.#isOwner(claimed)) throw refuse("the credential is of another device");
    this.#goodIdentity = credential.identity;
  }

  #isOwner({ username, accountKey, deviceId }: DeviceCredential): boolean {
    return username === this.#owner.username && equalBytes(accountKey, this.#owner.accountKey) &&
      equalBytes(deviceId, this.#owner.deviceId);
  }
}

/**
 * Reads the first four fields of a claimed KeyPackage (version, wire format, KeyPackage version, ciphersuite;
 * all uint16), because ts-mls can not decode suites that it does not know.
 */
function checkCiphersuite(message: Uint8Array): void {
  if (message.length < 8 || message.length > maxKeyPackageBytes) {
    throw malformed(`not 8 to ${maxKeyPackageBytes} bytes`);
  }
  const fields = new DataView(message.buffer, message.byteOffset, 8);
  const [version, wireFormat, keyPackageVersion, suite] = [0, 2, 4, 6].map((at) => fields.getUint16(at));
  if (version !== 1 || wireFormat !== 5 || keyPackageVersion !== 1) throw malformed("not an MLS 1.0 mls_key_package");
  if (suite !== allowedSuite) {
    throw new WireError(ErrorCode.ciphersuiteNotAllowed, `KeyPackage: ciphersuite ${suite} is not allowed`);
  }
}

function decode(message: Uint8Array): KeyPackage {
  const decoded = attempt(() => decodeMlsMessage(message, 0));
  if (!decoded || decoded[0].wireformat !== "mls_key_package") throw malformed("does not decode");
  // Refuses trailing bytes and lengths that are not written in the shortest form: one KeyPackage must not
  // pass for two.
  if (!equalBytes(encodeMlsMessage(decoded[0]), message)) throw malformed("not in its one encoding");
  const { keyPackage } = decoded[0];
  const { extensions, capabilities } = keyPackage.leafNode;
  const types = extensions.map(({ extensionType }) => extensionTypeToNumber(extensionType));
  if (new Set(types).size !== types.length) throw malformed("a leaf extension twice");
  // RFC 9420 §7.3; types of the RFC itself need not be listed. The X-Wing key has an error code of its own.
  if (types.some((type) => type > 5 && type !== xwingKeyType && !capabilities.extensions.includes(type))) {
    throw malformed("a leaf extension that is not in capabilities");
  }
  return keyPackage;
}

function checkHybridKey({ leafNode: { extensions, capabilities } }: KeyPackage): void {
  const refuse = (reason: string) => new WireError(ErrorCode.hybridKeyInvalid, `KeyPackage: ${reason}`);
  const extension = extensions.find(({ extensionType }) => extensionType === xwingKeyType);
  if (!extension) throw refuse("no X-Wing key");
  if (!isXWingPublicKey(extension.extensionData)) throw refuse("the X-Wing key is malformed");
  if (!capabilities.extensions.includes(xwingKeyType)) throw refuse("the X-Wing key is not in capabilities");
}

function malformed(reason: string): WireError {
  return new WireError(ErrorCode.malformedKeyPackage, `KeyPackage: ${reason}`);
}

/**
 * ts-mls's decoders give undefined for most bad input and throw several kinds of errors for some (a
 * credential type that they do not know: TypeError).
 */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

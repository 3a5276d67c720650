/**
 * The manifest of a build: the SHA-256 of every file that the gateway serves, signed by whoever published the
 * build. `build-manifest.json` lies beside the files and is served like them.
 *
 * `{ "version": 1, "files": { path: hex … }, "publicKey": base64 | null, "signature": base64 | null }`; the
 * signature is Ed25519 (RFC 8032) over `qpq/1 build\n` and then a line `hash  path\n` (two spaces) for each
 * file, sorted by path. A build without a key says so: both are null.
 */

import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

export const manifestName = "build-manifest.json";

/** What the gateway serves in place of a file, compressed beforehand: the same content, so not a file of its own. */
const precompressed = /\.(br|gz)$/;

/** What is served is not what should be; the message says how. */
export class BuildMismatch extends Error {}

/**
 * @typedef {{ version: 1, files: Record<string, string>, publicKey: string | null, signature: string | null
 *   }} BuildManifest
 */

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * @param {string} folder a finished build
 * @returns {Record<string, string>} SHA-256 in hex by path, sorted; neither the manifest nor compressed copies
 */
export function hashFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .filter((path) => path !== manifestName && !precompressed.test(path));
  return Object.fromEntries(paths.sort().map((path) => [path, sha256(readFileSync(`${folder}/${path}`))]));
}

/** @param {Record<string, string>} files */
function signedBytes(files) {
  const lines = Object.keys(files).sort().map((path) => `${files[path]}  ${path}\n`);
  return Buffer.from(`qpq/1 build\n${lines.join("")}`);
}

/**
 * The key of the environment: `QPQ_BUILD_KEY` (the PEM text) or `QPQ_BUILD_KEY_FILE` (its file), an Ed25519
 * private key as `openssl genpkey -algorithm ed25519` writes it.
 *
 * @returns {import("node:crypto").KeyObject | undefined}
 * @throws Error for a key of another kind
 */
export function buildKey({ QPQ_BUILD_KEY: text, QPQ_BUILD_KEY_FILE: file } = process.env) {
  if (!text && !file) return undefined;
  const key = createPrivateKey(text || readFileSync(String(file)));
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error("QPQ_BUILD_KEY: an Ed25519 key is needed (openssl genpkey -algorithm ed25519)");
  }
  return key;
}

/** @returns {string} a public key in base64: the 32 bytes of RFC 8032 */
function rawPublicKey(privateKey) {
  return Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
}

/**
 * Writes the manifest of a build into its folder.
 *
 * @param {string} folder
 * @param {import("node:crypto").KeyObject} [key] signs it
 * @returns {BuildManifest}
 */
export function writeBuildManifest(folder, key) {
  const files = hashFiles(folder);
  /** @type {BuildManifest} */
  const manifest = {
    version: 1,
    files,
    publicKey: key ? rawPublicKey(key) : null,
    signature: key ? sign(null, signedBytes(files), key).toString("base64") : null,
  };
  writeFileSync(`${folder}/${manifestName}`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/**
 * Judges a manifest that came over the network.
 *
 * @param {unknown} manifest
 * @param {string} [expectedKey] base64: the key that the publisher is known by
 * @returns {{ files: Record<string, string>, signedBy: string | null }} `signedBy`: the key whose signature
 *   is good, or null for a build without one
 * @throws BuildMismatch for what is no manifest, a signature that does not match, and another key than the
 *   expected one
 */
export function readBuildManifest(manifest, expectedKey) {
  const { version, files, publicKey, signature } = /** @type {BuildManifest} */ (manifest ?? {});
  const isHashes = files !== null && typeof files === "object" &&
    Object.values(files).every((hash) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash));
  if (version !== 1 || !isHashes) throw new BuildMismatch(`${manifestName} is no manifest of version 1`);
  if (expectedKey !== undefined && publicKey !== expectedKey) {
    throw new BuildMismatch(
      `the build is ${publicKey === null ? "not signed" : `signed by ${publicKey}`}, not by ${expectedKey}`,
    );
  }
  if (publicKey === null && signature === null) return { files, signedBy: null };
  const key = createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(String(publicKey), "base64").toString("base64url") },
  });
  if (!verify(null, signedBytes(files), key, Buffer.from(String(signature), "base64"))) {
    throw new BuildMismatch("the manifest's signature does not match");
  }
  return { files, signedBy: publicKey };
}

/**
 * The manifest of a build: the SHA-256 of every file that the gateway serves, signed by whoever published the
 * build. `build-manifest.json` lies beside the files and is served like them.
 *
 * `{ "version": 2, "build": { "version", "commit", "time" }, "files": { path: hex … }, "publicKey": base64 | null,
 * "signature": base64 | null }`; the signature is Ed25519 (RFC 8032) over `qpq/2 build\n`, the lines `version …\n`,
 * `commit …\n` and `time …\n` (empty where unknown), and then a line `hash  path\n` (two spaces) for each file, sorted
 * by path. A build without a key says so: both are null. Manifests of version 1 have no `build`, and `qpq/1 build\n`
 * alone before the files.
 */

import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

export const manifestName = "build-manifest.json";

/** What the gateway serves in place of a file, compressed beforehand: the same content, so not a file of its own. */
const precompressed = /\.(br|gz)$/;

/** What is served is not what should be; the message says how. */
export class BuildMismatch extends Error {}

/**
 * What a build was made of: the app's version, the commit (40 hex digits, `+changes` behind it if there were any), and
 * the time of the commit (ISO 8601, UTC), so that two builds of a commit are the same.
 *
 * @typedef {{ version: string | null, commit: string | null, time: string | null }} BuildOrigin
 *
 * @typedef {{ version: 1 | 2, build?: BuildOrigin, files: Record<string, string>, publicKey: string | null,
 *   signature: string | null }} BuildManifest
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

/**
 * @param {Record<string, string>} files
 * @param {BuildOrigin} [build] absent: version 1
 */
function signedBytes(files, build) {
  const lines = Object.keys(files).sort().map((path) => `${files[path]}  ${path}\n`);
  const head = build
    ? `qpq/2 build\nversion ${build.version ?? ""}\ncommit ${build.commit ?? ""}\ntime ${build.time ?? ""}\n`
    : "qpq/1 build\n";
  return Buffer.from(`${head}${lines.join("")}`);
}

/** @returns {string | undefined} what git says in a folder; undefined without git or a repository */
function git(folder, ...args) {
  const { status, stdout } = spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Finds out of what a build is made: from git, or where the sources are no repository (an image's build) from
 * `QPQ_BUILD_COMMIT` and `SOURCE_DATE_EPOCH` (seconds since 1970, https://reproducible-builds.org/specs).
 *
 * @param {string} folder of the sources
 * @param {{ repository?: string, env?: Record<string, string | undefined> }} [options] `repository`: the sources are
 *   its HEAD
 * @returns {BuildOrigin}
 */
export function buildOrigin(folder, { repository = folder, env = process.env } = {}) {
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const head = git(repository, "rev-parse", "HEAD");
  const isChanged = repository === folder && head !== undefined &&
    git(folder, "status", "--porcelain", "--untracked-files=no") !== "";
  const commit = head === undefined ? env.QPQ_BUILD_COMMIT || null : `${head}${isChanged ? "+changes" : ""}`;
  const seconds = env.SOURCE_DATE_EPOCH || git(repository, "show", "-s", "--format=%ct", "HEAD");
  return { version, commit, time: seconds ? `${new Date(1000 * Number(seconds)).toISOString().slice(0, 19)}Z` : null };
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

/** Lines of what is signed: no line feed may be in them. */
const originForms = {
  version: /^\d+\.\d+\.\d+[\w.+-]{0,40}$/,
  commit: /^[0-9a-f]{40,64}(\+changes)?$/,
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
};

/** @param {unknown} build */
function isOrigin(build) {
  if (build === null || typeof build !== "object") return false;
  return Object.entries(originForms).every(([name, form]) =>
    build[name] === null || (typeof build[name] === "string" && form.test(build[name]))
  );
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
 * @param {BuildOrigin} [build] of what it is made
 * @returns {BuildManifest}
 */
export function writeBuildManifest(folder, key, build = { version: null, commit: null, time: null }) {
  const files = hashFiles(folder);
  /** @type {BuildManifest} */
  const manifest = {
    version: 2,
    build,
    files,
    publicKey: key ? rawPublicKey(key) : null,
    signature: key ? sign(null, signedBytes(files, build), key).toString("base64") : null,
  };
  writeFileSync(`${folder}/${manifestName}`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/**
 * Judges a manifest that came over the network.
 *
 * @param {unknown} manifest
 * @param {string} [expectedKey] base64: the key that the publisher is known by
 * @returns {{ files: Record<string, string>, build?: BuildOrigin, signedBy: string | null }} `build`: not in a
 *   manifest of version 1; `signedBy`: the key whose signature is good, or null for a build without one
 * @throws BuildMismatch for what is no manifest, a signature that does not match, and another key than the
 *   expected one
 */
export function readBuildManifest(manifest, expectedKey) {
  const { version, build, files, publicKey, signature } = /** @type {BuildManifest} */ (manifest ?? {});
  const isHashes = files !== null && typeof files === "object" &&
    Object.values(files).every((hash) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash));
  const isVersion = version === 1 ? build === undefined : version === 2 && isOrigin(build);
  if (!isVersion || !isHashes) throw new BuildMismatch(`${manifestName} is no manifest of version 1 or 2`);
  if (expectedKey !== undefined && publicKey !== expectedKey) {
    throw new BuildMismatch(
      `the build is ${publicKey === null ? "not signed" : `signed by ${publicKey}`}, not by ${expectedKey}`,
    );
  }
  if (publicKey === null && signature === null) return { files, build, signedBy: null };
  const key = createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(String(publicKey), "base64").toString("base64url") },
  });
  if (!verify(null, signedBytes(files, build), key, Buffer.from(String(signature), "base64"))) {
    throw new BuildMismatch("the manifest's signature does not match");
  }
  return { files, build, signedBy: publicKey };
}

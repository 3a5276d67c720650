/**
 * `npm run verify-build -- URL [--key BASE64] [--manifest]`: is what a gateway serves the build of the
 * checked-out commit?
 *
 * Builds the commit again in a folder of its own, fetches every file from URL in each encoding that the
 * gateway may choose, compares, and names each file that differs. Exit code 0: all the same; 1: something
 * differs; 2: it could not be found out. `--key`: the public key that must have signed the build;
 * `--manifest`: compare with the signed manifest of that key and build nothing.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildApp } from "./build.mjs";
import { BuildMismatch, hashFiles, manifestName, readBuildManifest, sha256 } from "./build_manifest.mjs";
import { installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

/** As browsers ask: a gateway that swaps only the compressed copy is found too. */
const encodings = ["identity", "gzip", "br"];
const fetchMs = 60_000;

/**
 * Builds the checked-out commit, without what is not committed, and calls `use` with the folder of the build.
 *
 * @template T
 * @param {(folder: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withRebuild(use) {
  const folder = mkdtempSync(`${tmpdir()}/qpq-rebuild-`);
  try {
    execFileSync("sh", ["-c", 'git -C "$1" archive HEAD | tar -x -C "$2"', "sh", root, folder]);
    symlinkSync(`${root}/node_modules`, `${folder}/node_modules`);
    buildApp(folder, root);
    return await use(`${folder}/dist/web`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchHash(url, headers) {
  const response = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(fetchMs) });
  return response.ok ? sha256(Buffer.from(await response.arrayBuffer())) : `HTTP ${response.status}`;
}

/**
 * Compares what a server sends with what it should send.
 *
 * @param {URL} base where the app is served
 * @param {Record<string, string>} files SHA-256 by path
 * @returns {Promise<string[]>} one line for each file that differs
 */
export async function compareServed(base, files) {
  const differences = [];
  const compare = async (path, expected, headers) => {
    const found = await fetchHash(new URL(path, base), headers).catch((error) => {
      throw new Error(`${new URL(path, base)}: ${error.cause?.message ?? error.message}`);
    });
    if (found !== expected) {
      differences.push(
        `differs: ${path || "/"} (${headers["accept-encoding"]}): served ${found}, expected ${expected}`,
      );
    }
  };
  for (const encoding of encodings) {
    for (const [path, hash] of Object.entries(files)) await compare(path, hash, { "accept-encoding": encoding });
    // What a browser gets that opens the address, or a link into the app.
    for (const path of ["", "chat"]) {
      await compare(path, files["index.html"], {
        "accept-encoding": encoding,
        accept: "text/html",
        "sec-fetch-dest": "document",
      });
    }
  }
  return differences;
}

/** The served manifest, when there is one. */
async function fetchManifest(base) {
  const response = await fetch(new URL(manifestName, base), {
    redirect: "error",
    signal: AbortSignal.timeout(fetchMs),
  });
  if (!response.ok) throw new Error(`${manifestName}: HTTP ${response.status}`);
  return await response.json();
}

/**
 * The whole check.
 *
 * @param {URL} base
 * @param {{ key?: string, built?: Record<string, string>, report?: (line: string) => void }} options `built`:
 *   the hashes of a build of our own; without it the manifest of `key` is the measure
 * @returns {Promise<boolean>} whether everything is as it should be
 */
export async function verifyServed(base, { key, built, report = console.log }) {
  const { files, build, signedBy } = readBuildManifest(await fetchManifest(base), key);
  if (build) {
    const { version, commit, time } = build;
    report(`it says: version ${version ?? "unknown"}, commit ${commit ?? "unknown"} of ${time ?? "an unknown time"}`);
  }
  report(signedBy ? `the manifest is signed by ${signedBy}` : "the build is not signed");
  const expected = built ?? files;
  const differences = await compareServed(base, expected);
  for (const path of new Set([...Object.keys(files), ...Object.keys(expected)])) {
    if (files[path] !== expected[path]) {
      differences.push(
        `the manifest differs: ${path}: ${files[path] ?? "not in it"}, expected ${expected[path] ?? "no such file"}`,
      );
    }
  }
  for (const line of differences) report(line);
  report(
    differences.length === 0
      ? `${Object.keys(expected).length} files are the same`
      : `${differences.length} differences`,
  );
  return differences.length === 0;
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { key: { type: "string" }, manifest: { type: "boolean", default: false } },
  });
  if (positionals.length !== 1 || !URL.canParse(positionals[0]) || (values.manifest && !values.key)) {
    console.error("usage: npm run verify-build -- URL [--key BASE64] [--manifest]     (--manifest needs --key)");
    return 2;
  }
  const base = new URL(positionals[0]);
  if (values.manifest) return await verifyServed(base, { key: values.key }) ? 0 : 1;
  installPackages();
  const commit = execFileSync("git", ["-C", root, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  const isDirty =
    execFileSync("git", ["-C", root, "status", "--porcelain", "--untracked-files=no"], { encoding: "utf8" }) !== "";
  console.log(
    `comparing ${base} with commit ${commit}${isDirty ? " (changes that are not committed do not count)" : ""}`,
  );
  return await withRebuild((folder) => verifyServed(base, { key: values.key, built: hashFiles(folder) })) ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main().catch((error) => {
    console.error(`verify-build: ${error.message}`);
    return error instanceof BuildMismatch ? 1 : 2;
  });
}

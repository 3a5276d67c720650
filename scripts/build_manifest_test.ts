import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
// @ts-ignore: plain JavaScript with JSDoc types
import { buildOrigin, hashFiles, readBuildManifest, writeBuildManifest } from "./build_manifest.mjs";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const key = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("base64");

async function withFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, "page");
    await Deno.writeTextFile(`${folder}/package.json`, `{ "version": "1.2.3" }`);
    run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SERVERS 10: a signed manifest carries version, commit and time, and none of them can be changed", () =>
  withFolder((folder) => {
    const build = { version: "1.2.3", commit: "ab".repeat(20), time: "2026-01-02T03:04:05Z" };
    const manifest = writeBuildManifest(folder, privateKey, build);
    assert.deepEqual(readBuildManifest(manifest, key), { files: hashFiles(folder), build, signedBy: key });
    const changes = [
      { version: "1.2.4" },
      { commit: "cd".repeat(20) },
      { commit: null },
      { commit: `${build.commit}\\ntime 2027-01-01T00:00:00Z` },
      { time: "2027-01-02T03:04:05Z" },
    ];
    for (const change of changes) {
      assert.throws(
        () => readBuildManifest({ ...manifest, build: { ...build, ...change } }, key),
        /BuildMismatch|does not|is no/,
      );
    }
    assert.throws(() => readBuildManifest({ ...manifest, version: 1, build: undefined }, key), /does not match/);
    assert.throws(() => readBuildManifest({ ...manifest, version: 1 }, key), /is no manifest/);
    const unknown = writeBuildManifest(folder, privateKey);
    assert.deepEqual(readBuildManifest(unknown, key).build, { version: null, commit: null, time: null });
  }));

Deno.test("SERVERS 10: a manifest that an earlier version signed still verifies", () =>
  withFolder((folder) => {
    const files = hashFiles(folder);
    const lines = Object.keys(files).sort().map((path) => `${files[path]}  ${path}\n`);
    const signature = sign(null, Buffer.from(`qpq/1 build\n${lines.join("")}`), privateKey).toString("base64");
    const earlier = { version: 1, files, publicKey: key, signature };
    assert.deepEqual(readBuildManifest(earlier, key), { files, build: undefined, signedBy: key });
  }));

Deno.test("SERVERS 10: a build's time is its commit's, so that two builds are the same, and changes show", () =>
  withFolder((folder) => {
    const env = { QPQ_BUILD_COMMIT: "ef".repeat(20), SOURCE_DATE_EPOCH: "1" };
    assert.deepEqual(buildOrigin(folder, { env: {} }), { version: "1.2.3", commit: null, time: null });
    assert.deepEqual(buildOrigin(folder, { env }), {
      version: "1.2.3",
      commit: env.QPQ_BUILD_COMMIT,
      time: "1970-01-01T00:00:01Z",
    });
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        encoding: "utf8",
        env: { ...Deno.env.toObject(), GIT_COMMITTER_DATE: "2026-02-03T04:05:06+02:00" },
      }).trim();
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "first");
    const commit = git("rev-parse", "HEAD");
    const clean = { version: "1.2.3", commit, time: "2026-02-03T02:05:06Z" };
    assert.deepEqual(buildOrigin(folder, { env: {} }), clean);
    Deno.writeTextFileSync(`${folder}/index.html`, "changed");
    assert.deepEqual(buildOrigin(folder, { env: {} }), { ...clean, commit: `${commit}+changes` });
  }));

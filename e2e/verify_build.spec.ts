/** Whoever runs a gateway, or uses one, can find out whether it serves what the sources say. */

import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { brotliCompressSync } from "node:zlib";
import { expect, test } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { hashFiles, manifestName, readBuildManifest, sha256, writeBuildManifest } from "../scripts/build_manifest.mjs";
// @ts-ignore: plain JavaScript with JSDoc types
import { root, webRoot } from "../scripts/paths.mjs";
// @ts-ignore: plain JavaScript with JSDoc types
import { verifyServed, withRebuild } from "../scripts/verify-build.mjs";

const work = mkdtempSync(`${tmpdir()}/qpq-served-`);
const pristine = `${work}/built`;
const folder = `${work}/served`;
let server: Server;
let base: URL;
let built: Record<string, string>;

/**
 * Serves the folder as the gateway does: compressed copies where the browser takes them, the page itself for
 * links into the app.
 */
function serve(): Promise<void> {
  server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
    const found = existsSync(`${folder}${path}`) && path !== "/"
      ? path
      : request.headers.accept?.includes("text/html")
      ? "/index.html"
      : undefined;
    if (!found) return void response.writeHead(404).end();
    const [encoding, suffix] = [["br", ".br"], ["gzip", ".gz"]].find(([name, suffix]) =>
      request.headers["accept-encoding"] === name && existsSync(`${folder}${found}${suffix}`)
    ) ?? [];
    response.writeHead(200, encoding ? { "content-encoding": encoding } : {}).end(
      readFileSync(`${folder}${found}${suffix ?? ""}`),
    );
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
}

/** @returns whether all is the same, and what was said */
async function verify(
  options: { key?: string; built?: Record<string, string> } = { built },
): Promise<{ same: boolean; said: string }> {
  const lines: string[] = [];
  const same = await verifyServed(base, { ...options, report: (line: string) => lines.push(line) });
  return { same, said: lines.join("\n") };
}

/** Every byte of a build, compressed copies and manifest included. */
function everything(of: string): Record<string, string> {
  const names = (readdirSync(of, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((
    entry,
  ) => `${entry.parentPath}/${entry.name}`).sort();
  return Object.fromEntries(names.map((name) => [name.slice(of.length), sha256(readFileSync(name))]));
}

test.describe.configure({ mode: "serial" });

test.beforeEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (existsSync(pristine)) cpSync(pristine, folder, { recursive: true });
  await serve();
  base = new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});

test.afterEach(() => void server.close());
test.afterAll(() => rmSync(work, { recursive: true, force: true }));

test("two builds of one commit in different folders are the same to the byte", async () => {
  await withRebuild(async (first: string) => {
    await withRebuild(async (second: string) => {
      expect(first).not.toBe(second);
      expect(everything(second)).toEqual(everything(first));
    });
    cpSync(first, pristine, { recursive: true });
    built = hashFiles(first);
  });
  expect(Object.keys(built)).toContain("index.html");
  expect(Object.keys(built).length).toBeGreaterThan(8);
});

test("a server that serves the build passes, and an unsigned build is called unsigned", async () => {
  const { same, said } = await verify();
  expect(said).toContain("the build is not signed");
  expect(same).toBe(true);
});

test("a changed file is found and named, also when only its compressed copy was changed", async () => {
  const script = Object.keys(built).find((path) => /^assets\/.*\.js$/.test(path))!;
  writeFileSync(`${folder}/${script}.br`, brotliCompressSync("alert(1)"));
  const compressed = await verify();
  expect(compressed.same).toBe(false);
  expect(compressed.said).toContain(`differs: ${script} (br)`);
  expect(compressed.said).not.toContain("(identity)");

  writeFileSync(`${folder}/index.html`, `${readFileSync(`${pristine}/index.html`)}<!-- -->`);
  const changed = await verify();
  expect(changed.same).toBe(false);
  expect(changed.said).toContain("differs: index.html (identity)");
  expect(changed.said).toContain("differs: / (identity)");
  rmSync(`${folder}/${script}`);
  expect((await verify()).said).toContain(`differs: ${script} (identity): served HTTP 404`);
});

test("a signed manifest stands for the build: its files count, its key counts, its signature counts", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("base64");
  const other = Buffer.alloc(32, 1).toString("base64");
  const manifest = writeBuildManifest(folder, privateKey);
  expect((await verify({ key })).same).toBe(true);
  expect((await verify({ key, built })).said).toContain(`signed by ${key}`);
  await expect(verify({ key: other })).rejects.toThrow("not by");
  writeFileSync(
    `${folder}/${manifestName}`,
    JSON.stringify({ ...manifest, files: { ...manifest.files, "index.html": "0".repeat(64) } }),
  );
  await expect(verify({ key })).rejects.toThrow("signature does not match");
  writeBuildManifest(folder);
  await expect(verify({ key })).rejects.toThrow("not signed");
});

test("`npm run build` with a key signs a build that is there already", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = `${work}/build-key.pem`;
  writeFileSync(keyFile, privateKey.export({ format: "pem", type: "pkcs8" }));
  const build = (env: Record<string, string>) =>
    execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, env: { ...process.env, ...env } });
  const manifest = () => JSON.parse(readFileSync(`${webRoot}/${manifestName}`, "utf8"));
  build({});
  try {
    build({ QPQ_BUILD_KEY_FILE: keyFile });
    expect(
      readBuildManifest(manifest(), Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("base64"))
        .files,
    ).toEqual(hashFiles(webRoot));
  } finally {
    writeBuildManifest(webRoot);
  }
});

/** What the servers hold: no plaintext, no password, no private key; not on disk, not in passing, not in memory. */

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
// @ts-ignore: plain JavaScript with JSDoc types
import { deno, root } from "../scripts/paths.mjs";
import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";
import { searchMemory } from "./testing/process_memory.ts";

const plaintext = "the eagle lands at midnight on pier forty-two";

/** A text as it may stand in memory or on disk: UTF-8, UTF-16 as JavaScript engines keep it, base64, hexadecimal. */
function encodings(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [
    bytes,
    Buffer.from(text, "utf16le"),
    Buffer.from(bytes.toString("base64").slice(0, -4)),
    Buffer.from(bytes.toString("hex")),
  ];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) =>
    `${entry.parentPath}/${entry.name}`
  );
}

test("disk, streams, logs and memory of the servers hold no secret", async ({ browser, stack }) => {
  const ownData = `${stack.dataDir}/recorder`;
  const captureFile = `${stack.dataDir}/recorder/capture.bin`;
  mkdirSync(ownData);
  const args = [
    "run",
    "--quiet",
    "-A",
    "--unstable-net",
    `${root}/e2e/testing/recorder.ts`,
    stack.coreAddr,
    `${stack.dataDir}/core/core-cert.pem`,
    `${stack.dataDir}/gateway-secret`,
    ownData,
    captureFile,
  ];
  const recorder = spawn(deno, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const ready = await new Promise<string>((resolve, reject) => {
      createInterface({ input: recorder.stdout }).once("line", resolve);
      recorder.once("exit", (code) => reject(new Error(`the recorder ended with ${code}`)));
    });
    await stack.kill(stack.gateway);
    await stack.startGateway({ addr: /addr=(\S+)/.exec(ready)![1], env: { QPQ_CORE_CA: `${ownData}/core-cert.pem` } });

    const alice = await Person.open(browser, stack.url, "alice");
    const bob = await Person.open(browser, stack.url, "bob");
    await alice.createAccount();
    await bob.createAccount();
    await alice.startChat(["bob"], undefined);
    await alice.send(plaintext);
    await bob.openChat("alice");
    await expect(bob.message("alice", plaintext)).toHaveCount(1);
    await alice.allSent("bob", /eagle/);
    const again = await Person.open(browser, stack.url, "alice");
    await again.signIn();
    await again.connected();

    // A browser gives no private key away, so a third person uses the same engine where a test can look on.
    // Root key, device key, the HPKE and X-Wing keys of 21 KeyPackages, epoch keys.
    const keysFolder = mkdtempSync(`${tmpdir()}/qpq-keys-`);
    const known = [
      "run",
      "--quiet",
      "-A",
      "--unstable-net",
      "--no-check",
      `${root}/e2e/testing/known_keys.ts`,
      stack.url,
      "kate",
      "alice",
      plaintext,
      `${keysFolder}/keys`,
    ];
    await promisify(execFile)(deno, known, { cwd: root });
    const privateKeys = readFileSync(`${keysFolder}/keys`, "utf8").split("\n").map((hex) => Buffer.from(hex, "hex"))
      .filter(({ length }) => length === 32);
    rmSync(keysFolder, { recursive: true });
    expect(privateKeys.length).toBeGreaterThan(60);

    const secrets = [...encodings(plaintext), ...encodings(password), ...privateKeys];
    const files = filesBelow(stack.dataDir);
    expect(files.some((file) => /qpq\.db$/.test(file))).toBe(true);
    expect(files.some((file) => /qpq\.db-wal$/.test(file))).toBe(true);
    for (const file of files) {
      const content = readFileSync(file);
      for (const secret of secrets) expect(content.includes(secret), `${file} holds ${secret}`).toBe(false);
    }
    const capture = readFileSync(captureFile);
    expect(capture.length).toBeGreaterThan(50_000);
    // The names are there, so the search sees what the server may know.
    for (const name of ["alice", "kate"]) expect(capture.includes(Buffer.from(name))).toBe(true);
    for (const secret of encodings(plaintext)) expect(stack.logs.join("\n").includes(secret.toString())).toBe(false);
    for (const { process } of [stack.core, stack.gateway]) {
      const { found, bytesRead } = searchMemory(process.pid!, [...secrets, Buffer.from("qpq/1 gateway")]);
      expect(bytesRead).toBeGreaterThan(20_000_000);
      // The label that both processes use shows that the search works; it must be all that is found.
      expect(found.map(String)).toEqual(["qpq/1 gateway"]);
    }
  } finally {
    recorder.kill("SIGKILL");
  }
});

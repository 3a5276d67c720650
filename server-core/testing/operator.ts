/**
 * Helpers for tests of the operator's commands: run a command here or as a process, and fill a server with
 * data.
 */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { readConfig } from "../config.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { connect, type ServerProcess, withTempDir } from "./quic.ts";
import { failureOf, runCommand } from "../operator/commands.ts";
import { random, sha256, type TestDevice } from "./seed.ts";

const main = new URL("../main.ts", import.meta.url).pathname;

/** The exit code and the output of a command. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a command as main.ts does. */
export async function run(dataDir: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const all: Record<string, string> = { QPQ_DATA: dataDir, ...env };
  const config = () => readConfig({ env: (name) => all[name], readFile: Deno.readTextFileSync });
  let out = "";
  try {
    return { code: await runCommand(args, config, (text) => out += text), out, err: "" };
  } catch (error) {
    const { message, hint, exitCode } = failureOf(error);
    return {
      code: exitCode,
      out,
      err: `qpq-server: error: ${message}\n${hint === undefined ? "" : `qpq-server: hint: ${hint}\n`}`,
    };
  }
}

/** Runs a command in its own process. */
export async function runProcess(dataDir: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", "--no-check", main, ...args],
    env: { QPQ_DATA: dataDir, ...env },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** @returns the records of a command, which must succeed */
export async function records(
  dataDir: string,
  args: string[],
  env: Record<string, string> = {},
  runner = run,
): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await runner(dataDir, [...args, "--json"], env);
  assert.equal(code, 0, err);
  return out.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * A test with its own data directory. Processes and their pipes end with the test, but Deno can not see that.
 */
export function operatorTest(sentence: string, test: (dataDir: string) => Promise<void>): void {
  Deno.test({ name: sentence, sanitizeOps: false, sanitizeResources: false, fn: () => withTempDir(test) });
}

/** Drains a server, which must end with exit code 0. */
export async function stop(server: ServerProcess): Promise<void> {
  server.kill("SIGTERM");
  assert.equal((await server.status).code, 0);
}

/** Name and hash of the files of the data. */
export function contentOf(dataDir: string): Record<string, string> {
  const files = Array.from(Deno.readDirSync(dataDir)).filter(({ isFile, name }) =>
    isFile && /^(qpq\.db|core-)/.test(name)
  );
  return Object.fromEntries(files.map(({ name }) => [name, toHex(sha256(Deno.readFileSync(`${dataDir}/${name}`)))]));
}

/**
 * A raw key in SQLCipher's form. Deriving a key from a passphrase would take a fifth of a second at each
 * opening.
 */
export const key = `x'${toHex(random(32))}'`;
/** @returns the username of a seeded device's account */
export const usernameOf = (dataDir: string, device: TestDevice) => {
  const db = openDatabase({ dataDir, key });
  const { username } = db.get<{ username: string }>(
    "SELECT username FROM accounts WHERE account_key = ?",
    device.accountKey,
  )!;
  db.close();
  return username;
};

type Caller = Pick<TestDevice, "recipientKey" | "auth">;

/** Sends a message to `reader` and a blob of `writer`, both acknowledged. */
export async function fill(
  server: ServerProcess,
  writer: Caller,
  reader: Caller,
): Promise<{ messageId: Uint8Array<ArrayBuffer>; blob: Uint8Array<ArrayBuffer> }> {
  const connection = await connect(server.address, server.caPem);
  const channelId = random(32);
  const calls = connection.as(writer);
  await calls.call(delivery.createChannel, { channelId });
  const [commit, welcome] = [random(500), random(300)];
  const headers = new Uint8Array([writer, reader].flatMap(({ recipientKey }) => [...recipientKey, ...random(1168)]));
  const body = new Uint8Array([...commit, ...welcome, ...headers]);
  const lengths = { commitLength: commit.length, welcomeLength: welcome.length, headersLength: headers.length };
  await calls.call(
    delivery.commit,
    {
      channelId,
      epoch: 0,
      commitId: random(16),
      sha256: sha256(body),
      ...lengths,
      removed: [],
      added: [reader.recipientKey],
    },
    {},
    body,
  );
  const messageId = random(16);
  await calls.call(delivery.publish, { channelId, epoch: 1, messageId, envelope: random(700), ephemeral: false });
  // More than two pieces of a backup.
  const blob = await joined(Array.from({ length: 40 }, () => random(65_000)));
  await calls.call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
  connection.close();
  return { messageId, blob };
}

/** @returns the pieces as one */
export async function joined(pieces: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** @returns the ids of the messages that wait for a device */
export async function waiting(server: ServerProcess, reader: Caller): Promise<Uint8Array[]> {
  const connection = await connect(server.address, server.caPem);
  const { entries } = await connection.as(reader).call(delivery.fetch, {
    recipientKey: reader.recipientKey,
    channelId: new Uint8Array(),
    after: 0,
    limit: 200,
  });
  connection.close();
  return entries.filter(({ kind }) => kind === EntryKind.APPLICATION).map(({ id }) => id);
}

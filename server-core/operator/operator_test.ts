/** The operator's commands beside a running core and without one. Most run in this process, which is what `qpq-server` runs in its own; what only a process has is asked of one. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { authentication, delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { readConfig } from "../config.ts";
import { blobPath } from "../delivery/blob_files.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { outcome } from "../testing/delivery_service.ts";
import { connect, pause, type ServerProcess, startProcess, withTempDir } from "../testing/quic.ts";
import { commands, failureOf, runCommand } from "./commands.ts";
import { random, seedDevices, sha256, type TestDevice } from "../testing/seed.ts";
import { SignIns } from "../testing/sign_ins.ts";

const main = new URL("../main.ts", import.meta.url).pathname;

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** As main.ts does it. */
async function run(dataDir: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const all: Record<string, string> = { QPQ_DATA: dataDir, ...env };
  const config = () => readConfig({ env: (name) => all[name], readFile: Deno.readTextFileSync });
  let out = "";
  try {
    return { code: await runCommand(args, config, (text) => out += text), out, err: "" };
  } catch (error) {
    const { message, hint, exitCode } = failureOf(error);
    return { code: exitCode, out, err: `qpq-server: error: ${message}\n${hint === undefined ? "" : `qpq-server: hint: ${hint}\n`}` };
  }
}

async function runProcess(dataDir: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--unstable-net", "--no-check", main, ...args], env: { QPQ_DATA: dataDir, ...env } }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** @returns the records of a command that must succeed */
async function records(dataDir: string, args: string[], env: Record<string, string> = {}, runner = run): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await runner(dataDir, [...args, "--json"], env);
  assert.equal(code, 0, err);
  return out.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function operatorTest(sentence: string, test: (dataDir: string) => Promise<void>): void {
  Deno.test({ name: sentence, sanitizeOps: false, sanitizeResources: false, fn: () => withTempDir(test) });
}

async function stop(server: ServerProcess): Promise<void> {
  server.kill("SIGTERM");
  assert.equal((await server.status).code, 0);
}

/** Name and hash of the files of the data. */
function contentOf(dataDir: string): Record<string, string> {
  const files = Array.from(Deno.readDirSync(dataDir)).filter(({ isFile, name }) => isFile && /^(qpq\.db|core-)/.test(name));
  return Object.fromEntries(files.map(({ name }) => [name, toHex(sha256(Deno.readFileSync(`${dataDir}/${name}`)))]));
}

/** SQLCipher's form for a key itself: nothing is derived from a passphrase, which takes a fifth of a second each time a database is opened. */
const key = `x'${toHex(random(32))}'`;
const usernameOf = (dataDir: string, device: TestDevice) => {
  const db = openDatabase({ dataDir, key });
  const { username } = db.get<{ username: string }>("SELECT username FROM accounts WHERE account_key = ?", device.accountKey)!;
  db.close();
  return username;
};

type Caller = Pick<TestDevice, "recipientKey" | "auth">;

/** A message to `reader` and a blob of `writer`, both acknowledged. */
async function fill(server: ServerProcess, writer: Caller, reader: Caller): Promise<{ messageId: Uint8Array<ArrayBuffer>; blob: Uint8Array<ArrayBuffer> }> {
  const connection = await connect(server.address, server.caPem);
  const channelId = random(32);
  const calls = connection.as(writer);
  await calls.call(delivery.createChannel, { channelId });
  const [commit, welcome] = [random(500), random(300)];
  const headers = new Uint8Array([writer, reader].flatMap(({ recipientKey }) => [...recipientKey, ...random(1168)]));
  const body = new Uint8Array([...commit, ...welcome, ...headers]);
  const lengths = { commitLength: commit.length, welcomeLength: welcome.length, headersLength: headers.length };
  await calls.call(delivery.commit, { channelId, epoch: 0, commitId: random(16), sha256: sha256(body), ...lengths, removed: [], added: [reader.recipientKey] }, {}, body);
  const messageId = random(16);
  await calls.call(delivery.publish, { channelId, epoch: 1, messageId, envelope: random(700), ephemeral: false });
  // More than two pieces of a backup.
  const blob = await joined(Array.from({ length: 40 }, () => random(65_000)));
  await calls.call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
  connection.close();
  return { messageId, blob };
}

async function joined(pieces: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function waiting(server: ServerProcess, reader: Caller): Promise<Uint8Array[]> {
  const connection = await connect(server.address, server.caPem);
  const { entries } = await connection.as(reader).call(delivery.fetch, { recipientKey: reader.recipientKey, channelId: new Uint8Array(), after: 0, limit: 200 });
  connection.close();
  return entries.filter(({ kind }) => kind === EntryKind.APPLICATION).map(({ id }) => id);
}

operatorTest("a backup of a live server restores everything elsewhere: messages, attachments, sessions, the certificate; encrypted, whole or not at all", async (dataDir) => {
  const env = { QPQ_DB_KEY: key };
  const [writer, reader] = seedDevices(dataDir, 2, { key });
  const server = await startProcess(dataDir, env);
  const startMs = Date.now();
  const { messageId, blob } = await fill(server, writer, reader);
  const file = `${dataDir}/monday.qpq`;
  const backupMs = Date.now();
  const [written] = await records(dataDir, ["backup", file], env, runProcess);
  assert.deepEqual([written.attachments, written.encrypted], [1, true]);
  assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
  const content = new TextDecoder("latin1").decode(Deno.readFileSync(file));
  for (const secret of ["SQLite format 3", "PRIVATE KEY", usernameOf(dataDir, writer)]) assert.ok(!content.includes(secret), secret);
  assert.deepEqual([...Deno.readDirSync(dataDir)].filter(({ name }) => name.includes("partial")), []);
  assert.deepEqual((await run(dataDir, ["backup", file], env)).code, 1, "an existing file is left alone");
  // What came after the backup is not in it.
  await fill(server, writer, reader);

  assert.equal((await runProcess(dataDir, ["restore", file, "--replace"], env)).code, 3, "not while a server runs on the data");
  await stop(server);
  const elsewhere = await Deno.makeTempDir({ prefix: "qpq-restored-" });
  try {
    const wrong = await run(elsewhere, ["restore", file], { QPQ_DB_KEY: "another key" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /does not open with this key/);
    await records(elsewhere, ["restore", file], env);
    assert.deepEqual((await records(elsewhere, ["check", "--hashes"], env))[0], { ok: true, faults: [] });
    const restored = await startProcess(elsewhere, env);
    assert.equal(restored.caPem, server.caPem);
    assert.deepEqual((await waiting(restored, reader)).map(toHex), [toHex(messageId)]);
    const connection = await connect(restored.address, restored.caPem);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const { bytes } of connection.as(reader).stream(delivery.getBlob, { sha256: sha256(blob), offset: 0 })) pieces.push(bytes);
    assert.equal(toHex(sha256(await joined(pieces))), toHex(sha256(blob)));
    // Clients learn from it what to say again: what came after the newest message of the backup.
    const health = await connection.as(reader).call(delivery.health, {});
    assert.ok(health.restoredToMs > startMs && health.restoredToMs <= backupMs && health.restoredMs >= backupMs && health.restoredMs <= Date.now(), JSON.stringify(health));
    connection.close();
    await stop(restored);

    // Where data is, it is replaced only when asked, and kept aside.
    assert.equal((await run(elsewhere, ["restore", file], env)).code, 1);
    const [again] = await records(elsewhere, ["restore", file, "--replace"], env);
    const db = openDatabase({ dataDir: elsewhere, key });
    assert.deepEqual(db.get("SELECT count(*) AS count FROM restores"), { count: 1 });
    db.close();
    assert.ok(Deno.statSync(`${again.before}/qpq.db`).isFile && Deno.statSync(`${again.before}/blobs`).isDirectory);
    assert.deepEqual((await records(elsewhere, ["check"], env))[0].ok, true);
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
});

operatorTest("a backup leaves out attachments whose time is over, with their records", async (dataDir) => {
  const [writer, reader] = seedDevices(dataDir, 2);
  const server = await startProcess(dataDir);
  const kept = await fill(server, writer, reader);
  const over = await fill(server, reader, writer);
  const db = openDatabase({ dataDir });
  db.run("UPDATE blobs SET expires_ms = ? WHERE sha256 = ?", Date.now() - 1, sha256(over.blob));
  db.close();
  const [{ attachments, bytes }] = await records(dataDir, ["backup", `${dataDir}/b.qpq`]);
  assert.deepEqual([attachments, bytes as number < kept.blob.length + over.blob.length], [1, true]);
  await stop(server);
  await records(dataDir, ["restore", `${dataDir}/b.qpq`, "--replace"]);
  assert.deepEqual((await records(dataDir, ["check", "--hashes"]))[0].faults, []);
  const restored = openDatabase({ dataDir });
  assert.deepEqual(restored.all<{ sha256: Uint8Array }>("SELECT sha256 FROM blobs").map((row) => toHex(row.sha256)), [toHex(sha256(kept.blob))]);
  restored.close();
  await assert.rejects(Deno.stat(blobPath(`${dataDir}/blobs`, sha256(over.blob))), Deno.errors.NotFound);
});

operatorTest("a data directory of the first storage format ends server and commands with exit code 1, and a message that says what to do; it stays as it was", async (dataDir) => {
  Deno.writeTextFileSync(`${dataDir}/deliveries.bin`, "queues of version 1");
  for (const args of [[], ["status"]]) {
    const { code, out, err } = await runProcess(dataDir, args, { QPQ_LISTEN: "127.0.0.1:0" });
    assert.deepEqual([code, out], [1, ""], args.join(" "));
    assert.match(err, /^qpq-server: error: .*holds deliveries\.bin, the queue file of storage format 1, which this server can not read; it was left as it is\. Start with an empty QPQ_DATA directory, or run the older server/m);
    assert.doesNotMatch(err, /    at /, "no stack: it is no fault of ours");
  }
  assert.equal(Deno.readTextFileSync(`${dataDir}/deliveries.bin`), "queues of version 1");
  await assert.rejects(Deno.stat(`${dataDir}/qpq.db`), Deno.errors.NotFound);
});

operatorTest("a damaged backup and a file that is none are refused, and the data stays as it was", async (dataDir) => {
  seedDevices(dataDir, 3);
  const file = `${dataDir}/good.qpq`;
  await records(dataDir, ["backup", file]);
  const bytes = Deno.readFileSync(file);
  for (let at = 5_000; at < bytes.length - 200; at += 4_096) bytes.fill(0xa5, at, at + 200);
  Deno.writeFileSync(`${dataDir}/damaged.qpq`, bytes);
  Deno.copyFileSync(`${dataDir}/qpq.db`, `${dataDir}/database.db`);
  Deno.writeTextFileSync(`${dataDir}/text.qpq`, "no database at all");
  const before = contentOf(dataDir);
  const damaged = await run(dataDir, ["restore", `${dataDir}/damaged.qpq`, "--replace"]);
  assert.ok([1, 4].includes(damaged.code), damaged.err);
  for (const name of ["database.db", "text.qpq", "nothing.qpq"]) assert.equal((await run(dataDir, ["restore", `${dataDir}/${name}`, "--replace"])).code, 1, name);
  assert.deepEqual(contentOf(dataDir), before);
});

operatorTest("rekey goes from plain to a key, to another, and back to plain; a wrong key changes nothing", async (dataDir) => {
  const [device] = seedDevices(dataDir, 1);
  Deno.writeTextFileSync(`${dataDir}/one`, "the first key, it's quoted\n");
  Deno.writeTextFileSync(`${dataDir}/two`, "the second key\n");
  const isPlain = () => new TextDecoder("latin1").decode(Deno.readFileSync(`${dataDir}/qpq.db`)).startsWith("SQLite format 3");
  const knows = async (env: Record<string, string>) => (await records(dataDir, ["users"], env)).some(({ accountKey }) => accountKey === toHex(device.accountKey));
  await records(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
  assert.equal(isPlain(), false);
  const one = { QPQ_DB_KEY_FILE: `${dataDir}/one` };
  assert.ok(await knows(one));
  const before = contentOf(dataDir);
  for (const env of [{}, { QPQ_DB_KEY: "wrong" }] as Record<string, string>[]) {
    const refused = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/two`], env);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^qpq-server: error: .*left as it is/);
    assert.ok(!refused.err.includes("wrong\n") && !refused.err.includes("the second key"));
  }
  assert.deepEqual(contentOf(dataDir), before);
  await records(dataDir, ["rekey", "--new-key-file", `${dataDir}/two`], one);
  assert.equal((await run(dataDir, ["users"], one)).code, 1);
  assert.ok(await knows({ QPQ_DB_KEY_FILE: `${dataDir}/two` }));
  await records(dataDir, ["rekey", "--decrypt"], { QPQ_DB_KEY_FILE: `${dataDir}/two` });
  assert.equal(isPlain(), true);
  assert.ok(await knows({}));
  // Another program, which knows nothing of our locks, has the database open: its log would meet another database.
  const other = openDatabase({ dataDir });
  other.get("SELECT 1 FROM accounts");
  const held = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
  assert.deepEqual([held.code, /another program has the database open/.test(held.err), isPlain()], [3, true, true]);
  other.close();
  assert.ok(await knows({}));
  // A server holds the data: not now.
  const server = await startProcess(dataDir);
  const busy = await run(dataDir, ["rekey", "--new-key-file", `${dataDir}/one`]);
  assert.equal(busy.code, 3);
  assert.match(busy.err, /a server runs on/);
  await stop(server);
});

operatorTest("revoke ends a session in the running server within a second, its open subscription too, and leaves others alone", async (dataDir) => {
  const [one, other] = seedDevices(dataDir, 2, { key });
  const server = await startProcess(dataDir, { QPQ_DB_KEY: key });
  const connection = await connect(server.address, server.caPem);
  const asks = (device: TestDevice) => connection.as(device).call(delivery.fetch, { recipientKey: device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 1 });
  await asks(one);
  await asks(other);
  const ended = (async () => {
    for await (const _ of connection.as(one).stream(delivery.subscribe, { recipientKey: one.recipientKey, after: 0 }));
  })().catch((error) => error.code);
  const [{ ended: count, serverRunning }] = await records(dataDir, ["revoke", "--user", usernameOf(dataDir, one)], { QPQ_DB_KEY: key });
  assert.deepEqual([count, serverRunning], [1, true]);
  assert.equal(await ended, 1);
  for (let tries = 0; tries < 40 && await asks(one).then(() => true, () => false); tries++) await pause(50);
  await assert.rejects(asks(one), /E001|no session|session/);
  await asks(other);
  connection.close();
  await stop(server);
});

operatorTest("status, users, devices and invites tell what is there, for people and for programs, beside a running server", async (dataDir) => {
  const [device] = seedDevices(dataDir, 2, { key });
  const env = { QPQ_DB_KEY: key };
  const down = await run(dataDir, ["status", "--json"], env);
  assert.equal(down.code, 3);
  assert.equal(JSON.parse(down.out).server, "stopped");
  const server = await startProcess(dataDir, env);
  const at = { ...env, QPQ_LISTEN: `127.0.0.1:${server.address.port}` };
  const [state] = await records(dataDir, ["status"], at);
  assert.deepEqual([state.server, state.accounts, state.devices, state.sessions, state.encrypted], ["serving", 2, 2, 2, true]);
  assert.match((await run(dataDir, ["status"], at)).out, /^server +serving$/m);
  assert.equal((await run(dataDir, ["health"], at)).code, 0);
  const name = usernameOf(dataDir, device);
  const [user] = await records(dataDir, ["users", name], env);
  assert.deepEqual([user.username, user.accountKey, user.devices], [name, toHex(device.accountKey), 1]);
  assert.match((await run(dataDir, ["users"], env)).out, /^USER +STATE +DEVICES/);
  const [listed] = await records(dataDir, ["devices", name], env);
  assert.deepEqual([listed.deviceId, listed.state], [toHex(device.deviceId), "listed"]);
  const [made] = await records(dataDir, ["invite", "30"], env);
  assert.deepEqual((await records(dataDir, ["invites"], env)).map(({ inviteId, state }) => [inviteId, state]), [[made.inviteId, "open"]]);
  await records(dataDir, ["invites", "revoke", String(made.inviteId)], env);
  assert.deepEqual(await records(dataDir, ["invites"], env), []);
  const second = await runProcess(dataDir, ["serve"], at);
  assert.equal(second.code, 3);
  assert.match(second.err, /another server runs on/);
  await stop(server);
});

operatorTest("users disable ends the sessions and refuses to sign in as if the name were unknown, until enable; what waits is there again", async (dataDir) => {
  const [writer] = seedDevices(dataDir, 1);
  const server = await startProcess(dataDir);
  const connection = await connect(server.address, server.caPem);
  try {
    const person = new SignIns();
    await person.signIn(connection.as);
    const username = person.username;
    const { messageId } = await fill(server, writer, person.device);
    const asks = () => outcome(connection.as(person.device).call(delivery.fetch, { recipientKey: person.device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 1 }));
    assert.equal(await asks(), "ok");
    assert.deepEqual(await records(dataDir, ["users", "disable", username]), [{ username, state: "disabled", endedSessions: 1, serverRunning: true }]);
    for (let tries = 0; tries < 40 && await asks() !== "E001"; tries++) await pause(50);
    assert.equal(await asks(), "E001");
    const unknown = await outcome(person.tryLogin(connection.as, "nobody-of-this-name"));
    assert.equal(await outcome(person.tryLogin(connection.as)), unknown, "no other answer than for an unknown name");
    assert.equal((await records(dataDir, ["users", username]))[0].state, "disabled");
    assert.deepEqual((await connection.as(writer).call(authentication.searchUsers, { prefix: username, limit: 5 })).usernames, []);
    assert.equal(await outcome(person.tryRegister(connection.as)), "E007");

    await records(dataDir, ["users", "enable", username]);
    await person.signIn(connection.as);
    assert.deepEqual((await waiting(server, person.device)).map(toHex), [toHex(messageId)]);
  } finally {
    connection.close();
    await stop(server);
  }
});

operatorTest("users delete takes out all that is the account's own, keeps its name from others and its device list for its groups, and leaves what others have", async (dataDir) => {
  const [reader, newcomer] = seedDevices(dataDir, 2);
  let blobs!: Record<"gone" | "left", Uint8Array<ArrayBuffer>>;
  const server = await startProcess(dataDir);
  const connection = await connect(server.address, server.caPem);
  try {
    const person = new SignIns();
    await person.signIn(connection.as);
    const { username, device } = person;
    const toReader = await fill(server, device, reader);
    const toPerson = await fill(server, reader, device);
    blobs = { gone: toReader.blob, left: toPerson.blob };
    const refused = await run(dataDir, ["users", "delete", username]);
    assert.deepEqual([refused.code, (await records(dataDir, ["users", username]))[0].state], [2, "active"]);
    assert.deepEqual(await records(dataDir, ["users", "delete", username, "--yes"]), [{ username, state: "deleted", endedSessions: 1, serverRunning: true }]);

    const asks = () => outcome(connection.as(device).call(delivery.fetch, { recipientKey: device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 1 }));
    for (let tries = 0; tries < 40 && await asks() !== "E003"; tries++) await pause(50);
    assert.equal(await asks(), "E003", "shut out for good, and told so");
    assert.equal((await records(dataDir, ["devices", username]))[0].state, "revoked");
    assert.equal(await outcome(person.tryLogin(connection.as)), await outcome(person.tryLogin(connection.as, "nobody-of-this-name")));
    assert.equal(await outcome(person.tryRegister(connection.as)), "E007", "nobody takes the name");
    const other = connection.as(newcomer);
    assert.equal(await outcome(other.call(authentication.lookup, { username })), "E012");
    const { accounts: [listed] } = await other.call(authentication.lookupAccounts, { accountKeys: [person.accountKey] });
    assert.deepEqual([listed.username, listed.accountKey], [username, person.accountKey], "a newcomer to its groups can judge its devices");
    const gone = (async () => {
      for await (const _ of other.stream(delivery.getBlob, { sha256: sha256(toReader.blob), offset: 0 }));
    })();
    assert.equal(await outcome(gone), "E031");
    for await (const { bytes } of other.stream(delivery.getBlob, { sha256: sha256(toPerson.blob), offset: 0 })) assert.ok(bytes.length > 0);
    assert.deepEqual((await waiting(server, reader)).map(toHex), [toHex(toReader.messageId)]);
    for (const action of ["enable", "disable", "delete"]) assert.equal((await run(dataDir, ["users", action, username, "--yes"])).code, 1, action);
    assert.equal((await records(dataDir, ["check"]))[0].ok, true);
  } finally {
    connection.close();
    await stop(server);
  }
  const db = openDatabase({ dataDir });
  try {
    const left = db.get<Record<string, number>>(
      `SELECT (SELECT count(*) FROM devices WHERE account_key = a.account_key AND enrolled = 1) + (SELECT count(*) FROM entries JOIN queues USING (queue) WHERE dropped = 1)
         + length(opaque_record) + length(vault_sealed) + length(wrapped_by_password) + length(wrapped_by_recovery) + length(recovery_key) AS found FROM accounts a WHERE state = 'deleted'`,
    );
    assert.equal(left!.found, 0);
  } finally {
    db.close();
  }
  // The server deletes what is past its time when it starts, and every hour.
  const again = await startProcess(dataDir);
  const isThere = (blob: Uint8Array<ArrayBuffer>) => Deno.stat(blobPath(`${dataDir}/blobs`, sha256(blob))).then(() => true, () => false);
  for (let tries = 0; tries < 40 && await isThere(blobs.gone); tries++) await pause(50);
  assert.deepEqual([await isThere(blobs.gone), await isThere(blobs.left)], [false, true]);
  await stop(again);
});

operatorTest("check finds a lost attachment, one of another length or content, and a damaged page, and says so by exit code 4", async (dataDir) => {
  const [writer, reader] = seedDevices(dataDir, 2);
  const server = await startProcess(dataDir);
  const { blob } = await fill(server, writer, reader);
  await stop(server);
  const path = blobPath(`${dataDir}/blobs`, sha256(blob));
  const faults = async (...args: string[]) => {
    const { code, out } = await run(dataDir, ["check", "--json", ...args]);
    const { ok, faults } = JSON.parse(out);
    assert.equal(code, ok ? 0 : 4);
    return faults as string[];
  };
  assert.deepEqual(await faults("--hashes"), []);
  const changed = blob.slice();
  changed[7] ^= 1;
  Deno.writeFileSync(path, changed);
  assert.deepEqual(await faults(), []);
  assert.match((await faults("--hashes"))[0], /another content/);
  Deno.writeFileSync(path, blob.subarray(1));
  assert.match((await faults())[0], /another length/);
  Deno.removeSync(path);
  assert.match((await faults())[0], /no file/);
  assert.equal((await run(dataDir, ["backup", `${dataDir}/b.qpq`])).code, 4, "a backup without it would be no backup");
  assert.deepEqual([...Deno.readDirSync(dataDir)].filter(({ name }) => name.startsWith("b.qpq")), []);
  const database = Deno.readFileSync(`${dataDir}/qpq.db`);
  for (let at = 8_192; at < database.length; at += 4_096) database.fill(0x5a, at + 100, at + 400);
  Deno.writeFileSync(`${dataDir}/qpq.db`, database);
  assert.ok((await faults()).length > 0);
});

operatorTest("wrong arguments are exit code 2 with a hint, help is exit code 0 and needs no configuration", async (dataDir) => {
  const wrong = [["nonsense"], ["toString"], ["backup"], ["backup", "a", "b"], ["users", "--nonsense"], ["rekey"], ["rekey", "--decrypt", "--new-key-file", "x"], ["revoke"], ["revoke", "--all", "--user", "x"], ["users", "forget", "x"], ["users", "delete", "x"], ["invite", "0"], ["invites", "revoke", "xyz"]];
  seedDevices(dataDir, 1);
  const config = () => readConfig({ env: (name) => name === "QPQ_DATA" ? dataDir : undefined, readFile: () => "" });
  for (const args of wrong) {
    const failure = failureOf(await runCommand(args, config).catch((error) => error));
    assert.deepEqual([failure.exitCode, typeof failure.hint], [2, "string"], args.join(" "));
  }
  const unknown = failureOf(await runCommand(["users", "no'body; DROP"], config).catch((error) => error));
  assert.deepEqual([unknown.exitCode, unknown.message], [1, "no such user"]);
  const ran = await runProcess(dataDir, ["rekey"]);
  assert.equal(ran.code, 2);
  assert.match(ran.err, /^qpq-server: error: .+\nqpq-server: hint: qpq-server rekey --help\n$/);
  const help = await runProcess(dataDir, ["--help"], { QPQ_LISTEN: "nonsense" });
  assert.equal(help.code, 0);
  for (const { synopsis } of Object.values(commands)) assert.ok(help.out.includes(synopsis), synopsis);
  assert.match((await runProcess(dataDir, ["restore", "--help"], { QPQ_LISTEN: "nonsense" })).out, /examples:\n {2}qpq-server restore/);
});

/** What programs do with `qpq daemon`: its methods, its subscriptions, and the bot of docs/cli.md. */

import assert from "node:assert/strict";
import { readPage } from "../schema/testing/doc_page.ts";
import { type MethodRow, methodTable } from "./daemon/method_table.ts";
import { people } from "./testing/daemon.ts";
import { checkRecord } from "./testing/records.ts";
import { RpcClient } from "./testing/rpc_client.ts";

const page = readPage("docs/cli.md");

Deno.test("programs at the daemon", { sanitizeOps: false, sanitizeResources: false }, async (test) => {
  const { core, shell, quiet, daemon } = await people();
  try {
    Deno.mkdirSync(`${shell.folder}/exchange`);
    let running = await daemon("--files exchange");
    let client = await RpcClient.connect(running.socket);
    type Record = { [name: string]: string };
    const record = async (method: string, params?: object) => {
      const answer = await client.result<Record>(method, params);
      checkRecord(JSON.stringify(answer));
      return answer;
    };
    const records = async (method: string, params?: object) => {
      const answer = await client.result<Record[]>(method, params);
      for (const line of answer) checkRecord(JSON.stringify(line));
      return answer;
    };
    const annaHears = async (wanted: RegExp) => {
      let heard = "";
      while (!wanted.test(heard)) heard += await quiet("anna", "qpq recv --ids");
      return heard;
    };

    await test.step("messages: send, dm, reply, react, edit, delete, poll, vote, history, search", async () => {
      assert.equal((await record("whoami")).username, "bert");
      const { messageId: id, groupId } = await record("send", { group: "talk", text: "- is no\noption" });
      assert.deepEqual(await client.result("send", ["talk", "by place"]).then(({ type }) => type), "sent");
      await record("edit", { id, text: "edited" });
      assert.equal((await record("react", { id, emoji: "👍", group: groupId })).change, "reacted");
      assert.equal((await record("react", { id, emoji: "👍", takeBack: true })).change, "reaction-taken-back");
      await record("reply", { id, text: "an answer", group: "talk" });
      await record("poll", { group: "talk", question: "When?", options: ["now", "later"], several: true });
      const [question] = await records("history", { group: "talk", tail: 1 });
      assert.equal((await record("vote", { id: question.messageId, options: [1, "2"] })).change, "voted");
      assert.equal((await record("vote", { id: question.messageId, end: true })).change, "poll-ended");
      await record("delete", { id });
      await record("dm", { person: "anna", text: "for you" });
      assert.equal((await record("dm", { person: "anna" })).type, "joined");
      assert.deepEqual((await records("search", { text: "answer" })).map(({ text }) => text), ["an answer"]);
      await annaHears(/bert.*: for you/);
    });

    await test.step("groups: create, add, role, rename, members, remove, join, leave, chats", async () => {
      await record("groups.create", { name: "builds" });
      await record("groups.add", { group: "builds", people: ["anna"] });
      await record("groups.role", { group: "builds", person: "anna", role: "admin" });
      await record("groups.rename", { group: "builds", name: "releases" });
      const members = await records("groups.members", { group: "releases" });
      assert.deepEqual(members.map(({ username, role }) => [username, role]).sort(), [["anna", "admin"], [
        "bert",
        "admin",
      ]]);
      assert.deepEqual((await records("chats")).map(({ group }) => group).sort(), ["anna", "releases", "talk"]);
      assert.equal((await records("groups.remove", { group: "releases", people: ["anna"] }))[0].username, "anna");
      assert.equal((await record("groups.leave", { group: "releases" })).type, "left");
      const { error } = await client.call("groups.join");
      assert.deepEqual([error?.message, error?.data?.hint], ["no invitation waits", "ask a member to invite you"]);
    });

    await test.step("files, of the daemon's folder alone", async () => {
      Deno.writeTextFileSync(`${shell.folder}/exchange/note.txt`, "a file");
      Deno.writeTextFileSync(`${shell.folder}/secret.txt`, "a secret");
      const { messageId: id } = await record("files.send", { group: "talk", path: "note.txt", caption: "look" });
      await record("files.save", { id, path: "copy.txt" });
      assert.equal(Deno.readTextFileSync(`${shell.folder}/exchange/copy.txt`), "a file");
      for (
        const [method, params] of [
          ["files.send", { group: "talk", path: "../secret.txt" }],
          ["files.send", { group: "talk", path: `${shell.folder}/secret.txt` }],
          ["files.save", { id, path: "../copy.txt" }],
        ] as const
      ) assert.match((await client.call(method, params)).error?.message ?? "", /not in .*exchange, the folder/);
      const there = await client.call("files.save", { id, path: "copy.txt" });
      assert.match(there.error?.message ?? "", /copy\.txt is there already: name a new file/);
    });

    await test.step("qpq reads and writes the files of its own folder, through the daemon as without", async () => {
      const large = new Uint8Array(600_000).map((_, index) => index % 251);
      Deno.writeFileSync(`${shell.folder}/large.bin`, large);
      assert.equal(await quiet("bert", "qpq send talk --file large.bin --caption big"), "sent to talk\n");
      const [{ messageId }] = await records("history", { group: "talk", tail: 1 });
      assert.equal(
        await quiet("bert", `qpq save ${messageId} back.bin`),
        "back.bin has 600000 bytes of bert\n",
      );
      assert.deepEqual(Deno.readFileSync(`${shell.folder}/back.bin`), large);
      assert.match(await quiet("bert", "qpq export --output mine.jsonl"), /^mine\.jsonl has everything/);
      const [again, missing] = [
        await shell.run("bert", `qpq save ${messageId} back.bin`),
        await shell.run("bert", "qpq send talk --file nothing.bin"),
      ];
      assert.deepEqual([again.code, missing.code], [2, 2]);
      assert.match(
        again.stderr,
        /^qpq: error: back\.bin is there already: name a new file\nqpq: hint: qpq save --help/,
      );
      assert.match(missing.stderr, /^qpq: error: --file: nothing\.bin can not be read: /);
    });

    await test.step("errors have the sentence, the code, the hint and the exit code of qpq", async () => {
      const { error } = await client.call("send", { group: "nowhere", text: "hello" });
      assert.deepEqual(error, {
        code: -32_000,
        message: "there is no group nowhere",
        data: { code: "L010", hint: "qpq groups", exitCode: 1 },
      });
      const empty = await client.call("send", { group: "talk", text: "" });
      assert.deepEqual([empty.error?.code, empty.error?.message], [-32_602, "send: the message is empty"]);
    });

    await test.step("subscribe tells what comes from now on, to each subscriber", async () => {
      await quiet("anna", "qpq send talk before");
      while (!(await records("history", { group: "talk" })).some(({ text }) => text === "before"));
      const other = await RpcClient.connect(running.socket);
      await other.result("subscribe");
      const { subscription } = await client.result("subscribe", { group: "talk" });
      await quiet("anna", "qpq send talk after");
      for (const subscriber of [client, other]) {
        const told = await subscriber.received();
        assert.deepEqual([checkRecord(JSON.stringify(told)), told.text], ["message", "after"]);
      }
      assert.match(await quiet("bert", "qpq recv"), /before\n.*after\n/, "recv has marks of its own");
      await client.result("unsubscribe", { subscription });
      await quiet("anna", "qpq send talk unheard");
      assert.equal((await other.received()).text, "unheard");
      other.close();
    });

    await test.step("a mark goes on where it was, in another run of the daemon, too", async () => {
      client.close();
      client = await RpcClient.connect(running.socket);
      await client.result("subscribe", { mark: "bot", acknowledge: true });
      await quiet("anna", "qpq send talk first");
      // Its record is not answered: it comes again.
      assert.equal((await client.received()).text, "first");
      client.close();
      running.kill("SIGTERM");
      assert.equal((await running.status).code, 0);
      await quiet("anna", "qpq send talk second");
      running = await daemon("--files exchange");
      client = await RpcClient.connect(running.socket);
      await client.result("subscribe", { mark: "bot", acknowledge: true });
      for (const text of ["first", "second"]) {
        const call = await client.next();
        assert.equal((call.params?.record as Record).text, text);
        await client.send(JSON.stringify({ jsonrpc: "2.0", id: call.id, result: null }));
      }
      await record("whoami");
      client.close();
      const next = await RpcClient.connect(running.socket);
      await next.result("subscribe", { mark: "bot" });
      await quiet("anna", "qpq send talk third");
      assert.equal((await next.received()).text, "third");
      // The end of the daemon is told.
      running.kill("SIGTERM");
      const { method, params } = await next.next();
      assert.deepEqual([method, (params?.error as { message: string }).message], ["ended", "the daemon ends"]);
    });

    await test.step("--stdio speaks on standard input and output, beside the socket", async () => {
      await running.status;
      const process = shell.start("bert", "qpq daemon --stdio", {}, "piped");
      const writer = process.stdin.getWriter();
      const stdio = new RpcClient({
        readable: process.stdout,
        write: (bytes) => writer.write(bytes).then(() => bytes.length),
        close: () => void writer.close(),
      });
      assert.equal((await stdio.result("whoami")).username, "bert");
      assert.match(await quiet("bert", "qpq whoami"), /^bert\n/);
      const state = await shell.run("bert", "qpq logout");
      assert.match(state.stderr, /a daemon holds it/);
      await stdio.result("subscribe");
      await quiet("anna", "qpq send talk standard");
      assert.equal((await stdio.received()).text, "standard");
      stdio.close();
      assert.equal((await process.status).code, 0);
      assert.match(await quiet("bert", "qpq whoami"), /^bert\n/);
    });

    await test.step("without a server a message is kept, its error says so, and it goes out by itself", async () => {
      running = await daemon("--timeout 1");
      client = await RpcClient.connect(running.socket);
      await core.stop();
      const { error } = await client.call("send", { group: "talk", text: "later" });
      assert.deepEqual([error?.code, error?.data?.code, error?.data?.exitCode], [-32_000, "L001", 4]);
      assert.equal(checkRecord(JSON.stringify(error?.data?.record)), "kept");
      const alone = await shell.run("bert", "qpq send talk 'later, too' --timeout 1 --json");
      assert.deepEqual([alone.code, JSON.parse(alone.stdout).type], [4, "kept"]);
      await core.start();
      await annaHears(/: later, too/);
      client.close();
      running.kill("SIGTERM");
      assert.equal((await running.status).code, 0);
    });

    await test.step("the bot of docs/cli.md has ten lines, and answers", async () => {
      const [, bot] = /```js\n(.*?)```/s.exec(page) ?? assert.fail("there is no bot");
      assert.ok(bot.trim().split("\n").filter((line) => line !== "").length <= 10);
      Deno.writeTextFileSync(`${shell.folder}/bot.mjs`, bot);
      running = await daemon();
      // It begins with what comes after its first subscription: the second message is heard in any case.
      const process = shell.start("bert", "exec node bot.mjs", { QPQ_SOCKET: running.socket });
      let heard = "";
      while (!/bert \(.*ECHO|bert.*: ECHO/.test(heard)) {
        await quiet("anna", "qpq send talk echo");
        heard += await quiet("anna", "qpq recv");
      }
      process.kill("SIGTERM");
      running.kill("SIGTERM");
      await Promise.all([process.status, running.status]);
    });
  } finally {
    await core.remove();
  }
});

Deno.test("docs/cli.md has every method with its parameters, and no others", () => {
  const [, table] = page.split(/\| method +\| parameters +\| answers +\|\n/);
  const listed: { [name: string]: Pick<MethodRow, "isList"> & { params: string[] } } = {};
  for (const row of table.split("\n\n")[0].split("\n").slice(1)) {
    const [, methods, params, answer] = row.split(/(?<!\\)\|/);
    const names = [...params.replaceAll(/\([^)]*\)/g, "").matchAll(/`([\w?]+)`/g)].map(([, name]) => name);
    const [, name] = /`([\w.]+)`/.exec(methods)!;
    listed[name] = { params: names, ...(answer.includes("list") && { isList: true as const }) };
  }
  const { subscribe, unsubscribe, ...commands } = listed;
  assert.deepEqual([subscribe.params, unsubscribe.params], [["group?", "mark?", "acknowledge?"], ["subscription"]]);
  assert.deepEqual(
    commands,
    Object.fromEntries(
      Object.entries(methodTable).map(([name, { params, isList }]) => [name, {
        params: Object.keys(params),
        ...(isList && { isList }),
      }]),
    ),
  );
});

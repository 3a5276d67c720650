/** `qpq daemon` as a process, and the other commands of its state through it. */

import assert from "node:assert/strict";
import { socketPath } from "./daemon/socket.ts";
import { people } from "./testing/daemon.ts";
import { Lines } from "./testing/lines.ts";
import { RpcClient } from "./testing/rpc_client.ts";

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

Deno.test("qpq through a daemon", { sanitizeOps: false, sanitizeResources: false }, async (test) => {
  const { core, shell, quiet, daemon } = await people();
  const state = shell.statePath("bert");
  try {
    let running = await daemon();

    await test.step("its socket is open to its owner alone", () => {
      assert.equal(running.socket, socketPath(state));
      assert.equal(modeOf(`${state}-daemon`), 0o700);
      assert.equal(modeOf(running.socket), 0o600);
    });

    await test.step("recv --follow | while … send goes on at once with other commands", async () => {
      const loop = shell.start(
        "bert",
        `qpq recv --follow --json | while read -r line; do echo "$line"; qpq send talk "heard"; done`,
      );
      const lines = new Lines(loop.stdout);
      const annaHears = async (text: string) => {
        for (let heard = ""; !heard.includes(text);) heard = await quiet("anna", "qpq recv");
      };
      for (const text of ["one", "two"]) {
        await quiet("anna", `qpq send talk ${text}`);
        assert.equal(JSON.parse(await lines.next()).text, text);
        assert.equal(await lines.next(), "sent to talk");
        await annaHears("bert: heard");
      }
      assert.match(await quiet("bert", "qpq groups"), /talk {2}2 people\n$/);
      assert.match(await quiet("bert", "echo piped | qpq send talk -"), /^sent to talk\n$/);
      assert.match(await quiet("bert", "qpq history talk --tail 1"), /bert \(you\): piped\n$/);
      assert.match(await quiet("bert", "qpq export"), /"text":"piped"/);
      assert.equal((await quiet("bert", "qpq whoami --json")).includes('"username":"bert"'), true);

      const second = await shell.run("bert", "qpq recv");
      assert.deepEqual([second.code, second.stdout], [5, ""]);
      assert.match(second.stderr, /^qpq: error: another recv prints what comes to this state\nqpq: hint: wait/);

      // The daemon's end ends it with an error, and the loop with it.
      running.kill("SIGTERM");
      const [{ code }, stderr] = await Promise.all([running.status, new Response(loop.stderr).text()]);
      assert.equal(code, 0);
      assert.match(
        stderr,
        /^qpq: error: the daemon ends\nqpq: hint: start it again, or use qpq without it\n$/,
      );
      assert.throws(() => Deno.statSync(running.socket), Deno.errors.NotFound);
      assert.match(await quiet("bert", "qpq groups"), /talk/);
    });

    await test.step("commands have the errors and exit codes that they have by themselves", async () => {
      const commands = [
        "qpq send nowhere hello",
        "qpq send talk ''",
        "qpq react abcd x",
        "qpq remove talk anna",
        "qpq role talk anna king",
        "qpq verify anna --number 7",
        "qpq join",
      ];
      const alone = [];
      for (const command of commands) alone.push(await shell.run("bert", command));
      running = await daemon();
      for (const [index, command] of commands.entries()) {
        assert.deepEqual(await shell.run("bert", command), alone[index], command);
        assert.notEqual(alone[index].code, 0);
      }
    });

    await test.step("recv through it ends as by itself: on a signal, and when its reader goes away", async () => {
      const following = shell.start("bert", "qpq recv --follow --json");
      const lines = new Lines(following.stdout);
      await quiet("anna", "qpq send talk three");
      assert.equal(JSON.parse(await lines.next()).text, "three");
      following.kill("SIGTERM");
      assert.deepEqual([(await following.status).code, await lines.next()], [0, ""]);
      await quiet("anna", "qpq send talk four");
      const { stderr } = await shell.run("bert", "{ qpq recv --follow; echo $? >&2; } | true");
      assert.equal(stderr, "0\n");
      assert.match(await quiet("bert", "qpq recv"), /anna: four\n$/);
      assert.equal(await quiet("bert", "qpq recv"), "", "each line once");
    });

    await test.step("what needs the state for itself says so", async () => {
      for (
        const command of [
          "register x",
          "login bert",
          "recover bert",
          "logout",
          "passwd",
          "recovery-code",
          "account delete --yes",
          "devices --revoke abcd",
          "daemon",
        ]
      ) {
        const { code, stdout, stderr } = await shell.run("bert", `qpq ${command}`);
        assert.deepEqual([code, stdout], [5, ""], command);
        assert.match(stderr, /needs the state for itself, and a daemon holds it\nqpq: hint: end the daemon first/);
      }
      for (const command of ["completion bash", "help send", "man", "--version"]) await quiet("bert", `qpq ${command}`);
      assert.match(await quiet("bert", "qpq devices"), /\(this one\)/);
    });

    await test.step("a caller that is killed ends its command, and nothing else", async () => {
      const following = shell.start("bert", "qpq recv --follow --json");
      const lines = new Lines(following.stdout);
      await quiet("anna", "qpq send talk five");
      assert.equal(JSON.parse(await lines.next()).text, "five");
      following.kill("SIGKILL");
      await following.status;
      await quiet("anna", "qpq send talk six");
      // The place of the killed one is free as soon as the daemon knows of its end.
      let heard = "";
      while (!heard.includes("anna: six")) heard += (await shell.run("bert", "qpq recv")).stdout;
    });

    await test.step("a socket that a killed daemon has left is in nobody's way", async () => {
      running.kill("SIGKILL");
      await running.status;
      assert.ok(Deno.lstatSync(running.socket));
      assert.match(await quiet("bert", "qpq groups"), /talk/);
      running = await daemon();
      assert.match(await quiet("bert", "qpq groups"), /talk/);
      running.kill("SIGINT");
      assert.equal((await running.status).code, 0);
    });

    await test.step("a folder of the socket that others can use is refused", async () => {
      Deno.chmodSync(`${state}-daemon`, 0o755);
      for (const command of ["qpq groups", "qpq daemon"]) {
        const { code, stderr } = await shell.run("bert", command);
        assert.equal(code, 5);
        assert.match(stderr, /bert\.db-daemon is not a folder of the state's owner alone\n/);
      }
      Deno.removeSync(`${state}-daemon`, { recursive: true });
    });

    await test.step("its launcher gives it what it needs, also with a comma in the path of its state", async () => {
      Deno.renameSync(state, `${shell.folder}/be,rt.db`);
      const environment = { QPQ_STATE: "be,rt.db" };
      const process = shell.start("bert", "exec qpq daemon", environment);
      assert.match(await new Lines(process.stdout).next(), /^listening at .*be,rt\.db-daemon\/socket$/);
      // Without a server and a pin: the daemon has them.
      const groups = await shell.run("bert", "exec qpq groups", { ...environment, QPQ_SERVER: "", QPQ_CORE_PIN: "" });
      assert.match(groups.stdout, /talk/);
      process.kill("SIGINT");
      assert.equal((await process.status).code, 0);
      Deno.renameSync(`${shell.folder}/be,rt.db`, state);
    });

    await test.step("a daemon without an account says so", async () => {
      const { code, stderr } = await shell.run("nobody", "qpq daemon");
      assert.deepEqual([code, stderr.split("\n")[0]], [3, "qpq: error: L002 nobody is signed in"]);
    });

    await test.step("a daemon whose device is removed ends as recv --follow does", async () => {
      running = await daemon();
      const open = await RpcClient.connect(running.socket);
      await open.result("subscribe");
      await quiet("second", "qpq login bert");
      const { deviceId } = await open.result("whoami");
      await quiet("second", `qpq devices --revoke ${deviceId}`);
      const [{ code }, stderr] = await Promise.all([running.status, new Response(running.stderr).text()]);
      assert.deepEqual([code, stderr.split("\n")[0]], [
        3,
        "qpq: error: E003 this device was removed from the account",
      ]);
    });
  } finally {
    await core.remove();
  }
});

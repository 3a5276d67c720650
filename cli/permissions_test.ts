/**
 * Tests cli/permissions.mjs: actions that a command can not do even if its code tries. Every test of qpq as a
 * process shows that the permissions suffice.
 */

import assert from "node:assert/strict";
import { defaultState, qpqFlags, qpqPermissions, root } from "./permissions.mjs";

for (const [what, name] of [["", "state.db"], [", also with a comma in its path", "c,m/st,ate.db"]]) {
  Deno.test(`the permissions of qpq allow its server, its files and its state, and nothing else${what}`, async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/c,m`);
    await Deno.writeTextFile(`${folder}/other.txt`, "somebody's");
    await Deno.writeTextFile(
      `${folder}/attempt.ts`,
      `const attempts: Record<string, () => unknown> = {
      host: () => Deno.connect({ hostname: "192.0.2.1", port: 7443 }),
      port: () => Deno.connect({ hostname: "127.0.0.1", port: 22 }),
      quic: () => Deno.connectQuic({ hostname: "192.0.2.1", port: 7443, alpnProtocols: ["capnp"] }),
      listen: () => Deno.listen({ hostname: "127.0.0.1", port: 7443 + 1 }),
      socket: () => Deno.connect({ transport: "unix", path: ${JSON.stringify(`${folder}/c,m/socket`)} }),
      read: () => Deno.readTextFile(${JSON.stringify(`${folder}/other.txt`)}),
      write: () => Deno.writeTextFile(${JSON.stringify(`${folder}/x`)}, "mine"),
      beside: () => Deno.writeTextFile(${JSON.stringify(`${folder}/c,m/x`)}, "mine"),
      code: () => Deno.writeTextFile(${JSON.stringify(new URL("main.ts", import.meta.url).pathname)}, "mine"),
      program: () => new Deno.Command("/bin/true").output(),
      library: () => Deno.dlopen("libc.so.6", {}),
      variable: () => Deno.env.get("HOME"),
      system: () => Deno.networkInterfaces(),
      daemon: () => {
        Deno.mkdirSync(${JSON.stringify(`${folder}/${name}-daemon`)});
        Deno.listen({ transport: "unix", path: ${JSON.stringify(`${folder}/${name}-daemon/socket`)} }).close();
      },
      state: () => Deno.writeTextFile(${JSON.stringify(`${folder}/${name}`)}, "mine"),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try { await attempt(); console.log(name, "done"); } catch (error) { console.log(name, (error as Error).name); }
    }
    Deno.exit(0);`,
    );
    const { args, end } = qpqFlags(["--state", `${folder}/${name}`, "groups"], {}, Deno.execPath());
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", ...args, `${folder}/attempt.ts`] })
      .output();
    end();
    const refused = [
      "host",
      "port",
      "quic",
      "listen",
      "socket",
      "read",
      "write",
      "beside",
      "code",
      "program",
      "library",
      "variable",
      "system",
    ];
    assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
      ...refused.map((name) => `${name} NotCapable`),
      "daemon done",
      "state done",
    ]);
  });
}

Deno.test("qpqFlags() takes the server from the command line, the environment or the default", () => {
  const netOf = (args: string[], env: Record<string, string> = {}) =>
    qpqPermissions(args, { QPQ_STATE: "/s/mine.db", ...env }, "deno").net;
  const sockets = ["0.0.0.0:0", "[::]:0", "unix:/s/mine.db-daemon/socket"];
  assert.deepEqual(netOf(["groups"]), ["127.0.0.1:7443", ...sockets]);
  assert.deepEqual(netOf(["groups"], { QPQ_SERVER: "chat.example.org:7443" }), ["chat.example.org:7443", ...sockets]);
  assert.deepEqual(netOf(["--server", "[2001:db8::1]:70", "recv"], { QPQ_SERVER: "chat.example.org:7443" }), [
    "[2001:db8::1]:70",
    ...sockets,
  ]);
  for (const server of ["nothing", "a,b:70", "a:0", "a:70000", "*:7443", ""]) {
    assert.deepEqual(netOf(["--server", server, "recv"]), sockets);
  }
});

Deno.test("qpqFlags() makes a file only for a path with a comma, and deletes it at the end", () => {
  const made = (state: string) => {
    const { args, end } = qpqFlags(["--state", state, "groups"], {}, "deno");
    const path = args.find((flag) => flag.startsWith("--config="))!.slice("--config=".length);
    const isTemporary = path !== `${root}/deno.json`;
    assert.ok(Deno.statSync(path).isFile);
    end();
    if (isTemporary) assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
    return isTemporary;
  };
  assert.equal(made("/home/a/state.db"), false);
  assert.equal(made("/home/a/state, too.db"), true);
});

Deno.test("defaultState() is a state of the present folder, else where XDG puts it", () => {
  const folder = Deno.makeTempDirSync();
  assert.equal(defaultState({ XDG_STATE_HOME: "/x/state", HOME: "/home/a" }, folder), "/x/state/qpq/state.db");
  assert.equal(defaultState({ XDG_STATE_HOME: "not/absolute", HOME: "/home/a" }, folder), inHome);
  assert.equal(defaultState({ HOME: "/home/a" }, folder), inHome);
  assert.equal(defaultState({}, folder), "qpq-state.db");
  Deno.writeTextFileSync(`${folder}/qpq-state.db`, "");
  assert.equal(defaultState({ XDG_STATE_HOME: "/x/state", HOME: "/home/a" }, folder), "qpq-state.db");
});

Deno.test("only a daemon may read and write the folder of --files", () => {
  const allowed = (command: string) => {
    const args = [command, "--files", "exchange"];
    const { read, write } = qpqPermissions(args, { QPQ_STATE: "/s/a.db" }, "deno", "/home/a");
    return [read, write].map((paths) => paths.includes("/home/a/exchange"));
  };
  assert.deepEqual(allowed("daemon"), [true, true]);
  assert.deepEqual(allowed("recv"), [false, false]);
});

const inHome = "/home/a/.local/state/qpq/state.db";

Deno.test("the folder of a state may be made only where the state has no name", () => {
  const written = (args: string[], env: Record<string, string>) =>
    qpqPermissions(args, { HOME: "/home/a", ...env }, "deno", "/nowhere").write[0];
  assert.equal(written(["groups"], {}), "/home/a/.local/state/qpq");
  assert.equal(written(["groups"], { QPQ_STATE: "/s/mine.db" }), "/s/mine.db");
  assert.equal(written(["groups", "--state", "mine.db"], {}), "/nowhere/mine.db");
});

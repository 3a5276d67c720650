/** The Debian package: what is in it, its units, and both servers as the units start them, from the unpacked tree. */

import assert from "node:assert/strict";
import { findProgram } from "./install.mjs";
import { root } from "./paths.mjs";
import { freePort, Running } from "./testing/processes.ts";

const home = "/usr/lib/quicproquo";

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const text = new TextDecoder();
  assert.ok(success, `${command} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** The settings of an environment file. */
const settingsOf = (text: string) =>
  Object.fromEntries(Array.from(text.matchAll(/^([A-Z_]+)=(.*)$/gm), ([, name, value]) => [name, value]));

/** An unpacked package whose absolute paths lead into the folder that it was unpacked into. */
class Tree {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    for (const path of ["app/deno.json", "core.env", "gateway.env"].map((file) => `${home}/${file}`)) {
      Deno.writeTextFileSync(`${folder}${path}`, this.moved(Deno.readTextFileSync(`${folder}${path}`)));
    }
    const command = `${folder}/usr/bin/qpq-server`;
    Deno.writeTextFileSync(command, this.moved(Deno.readTextFileSync(command)));
    for (const path of ["core", "keys", "link", "gateway"]) {
      Deno.mkdirSync(`${folder}/var/lib/quicproquo/${path}`, { recursive: true });
    }
    Deno.mkdirSync(`${folder}/var/backups/quicproquo`, { recursive: true });
  }

  moved(text: string): string {
    return text.replaceAll(/\/(usr\/lib|var\/lib|var\/backups|var\/cache)\/quicproquo/g, `${this.folder}$&`);
  }

  /** The command lines of a unit, as systemd makes them. */
  commands(unit: string, env: Record<string, string>): string[][] {
    const text = Deno.readTextFileSync(`${this.folder}/usr/lib/systemd/system/quicproquo-${unit}`);
    return Array.from(
      this.moved(text).matchAll(/^ExecStart(?:Pre)?=(.*)$/gm),
      ([, line]) => line.replaceAll(/\$\{(\w+)\}/g, (_, name) => env[name]).split(" "),
    );
  }

  /** The settings of a role, and what the test has besides. */
  env(role: "core" | "gateway", more: Record<string, string>): Record<string, string> {
    const PATH = Deno.env.get("PATH")!;
    return { PATH, ...settingsOf(Deno.readTextFileSync(`${this.folder}${home}/${role}.env`)), ...more };
  }

  /**
   * Runs `qpq-server` as somebody at a shell would, in a folder.
   *
   * @returns the folder of its Deno's cache
   */
  async command(cwd: string, args: string[], env: Record<string, string>): Promise<string> {
    const programs = `${this.folder}/programs`;
    Deno.mkdirSync(programs, { recursive: true });
    // There is no user qpq-core here.
    Deno.writeTextFileSync(`${programs}/runuser`, '#!/bin/sh\nshift 3\necho "$DENO_DIR" >&2\nexec "$@"\n', {
      mode: 0o755,
    });
    Deno.writeTextFileSync(`${programs}/id`, "#!/bin/sh\necho 0\n", { mode: 0o755 });
    const { success, stderr } = await new Deno.Command(`${this.folder}/usr/bin/qpq-server`, {
      args,
      cwd,
      env: { ...env, PATH: `${programs}:${env.PATH}` },
      clearEnv: true,
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.ok(success, said);
    return said.split("\n")[0];
  }

  /** Runs the last command of a unit after all before it. */
  async start(unit: string, env: Record<string, string>): Promise<Running> {
    const commands = this.commands(unit, env);
    const last = commands.pop()!;
    const cwd = `${this.folder}${home}/app`;
    const options = { cwd, env, clearEnv: true };
    for (const [program, ...args] of commands) {
      const { success, stderr } = await new Deno.Command(program, { args, ...options }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    }
    return new Running(last[0], { args: last.slice(1), ...options });
  }
}

Deno.test({
  name: "SERVERS 14: npm run package makes a Debian package whose units start both servers, and a safe qpq-server",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "qpq-deb-" });
    try {
      await Deno.mkdir(`${folder}/web`);
      await Deno.writeTextFile(`${folder}/web/index.html`, "<!doctype html>packaged");
      const deb = (await run("node", [`${root}/scripts/package.mjs`, folder], { QPQ_WEB_ROOT: `${folder}/web` }))
        .trim();
      const list = (await run("dpkg-deb", ["-c", deb])).trim().split("\n");
      assert.match(list[0], /^drwxr-xr-x root\/root .* \.\/$/, "the root of a machine stays open");
      assert.deepEqual(list.filter((line) => !/^\S+ root\/root /.test(line)), []);
      assert.deepEqual(list.filter((line) => /_test\.ts|\/testing\/|\.pem$|db-key|gateway-secret/.test(line)), []);
      assert.match(await run("dpkg-deb", ["-f", deb]), /^Depends: adduser, libc6/m);
      assert.equal((await run("dpkg-deb", ["--info", deb, "conffiles"])).trim().split("\n").length, 2);

      await run("dpkg", ["-x", deb, `${folder}/tree`]);
      if (findProgram("systemd-analyze")) {
        const units = ["core.service", "gateway.service", "backup.service", "backup.timer"];
        const paths = units.map((unit) => `/usr/lib/systemd/system/quicproquo-${unit}`);
        const { stderr } = await new Deno.Command("systemd-analyze", {
          args: ["verify", `--root=${folder}/tree`, "--man=no", ...paths],
        }).output();
        const about = new TextDecoder().decode(stderr).split("\n").filter((line) =>
          /quicproquo-\w+\.\w+:\d+:/.test(line)
        );
        assert.deepEqual(about, [], "no line of a unit is unknown to systemd");
      }

      const tree = new Tree(`${folder}/tree`);
      const listen = `127.0.0.1:${freePort("udp")}`;
      const coreEnv = tree.env("core", { QPQ_LISTEN: listen, QPQ_METRICS_PORT: String(freePort("tcp")) });
      const core = await tree.start("core.service", coreEnv);
      await core.says("qpq-server: ready");
      const http = String(freePort("tcp"));
      const gateway = await tree.start(
        "gateway.service",
        tree.env("gateway", {
          QPQ_CORE_ADDR: listen,
          QPQ_HTTP_PORT: http,
          QPQ_WT_PORT: String(freePort("udp")),
          QPQ_GATEWAY_METRICS_PORT: String(freePort("tcp")),
        }),
      );
      try {
        await gateway.says("core-connected");
        assert.equal(await (await fetch(`http://127.0.0.1:${http}/`)).text(), "<!doctype html>packaged");
        const key = Deno.statSync(`${folder}/tree/var/lib/quicproquo/keys/db-key`);
        assert.equal(key.mode! & 0o077, 0);
        const backup = await tree.start("backup.service", coreEnv);
        assert.equal((await backup.end()).code, 0, backup.text);
        const made = [...Deno.readDirSync(`${folder}/tree/var/backups/quicproquo`)].map(({ name }) => name);
        assert.ok(made.some((name) => /^quicproquo-000001-.*\.qpq$/.test(name)), made.join(" "));

        const cache = await tree.command(folder, ["backup", "by-hand.qpq"], coreEnv);
        assert.equal(Deno.statSync(`${folder}/by-hand.qpq`).mode! & 0o077, 0);
        // The server listens elsewhere than its settings file says.
        await tree.command(folder, ["health"], coreEnv);
        assert.equal(cache, `${folder}/tree/var/cache/quicproquo`, "no folder where another user could put code");
        const postinst = await run("dpkg-deb", ["--info", deb, "postinst"]);
        assert.match(postinst, /install -d -m 0700 -o qpq-core .* \/var\/cache\/quicproquo\n/);
      } finally {
        gateway.process.kill("SIGTERM");
        core.process.kill("SIGTERM");
        assert.deepEqual([(await gateway.end()).code, (await core.end()).code], [0, 0], gateway.text + core.text);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

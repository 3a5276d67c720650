/** Installing through apt beside another apt, as on a machine that has just started. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram } from "./install.mjs";
import { root } from "./paths.mjs";

const hasApt = findProgram("apt-get") !== undefined;

/** apt-get with lists of its own, and one source. */
function configuration(folder: string, name: string, source: string): Record<string, string> {
  writeFileSync(`${folder}/${name}.list`, source);
  const lines = [
    `Dir::State::Lists "${folder}/lists";`,
    `Dir::Etc::SourceList "${folder}/${name}.list";`,
    `Dir::Etc::SourceParts "/dev/null";`,
    `Acquire::http::Proxy "DIRECT";`,
  ];
  writeFileSync(`${folder}/${name}.conf`, lines.join("\n"));
  return { APT_CONFIG: `${folder}/${name}.conf` };
}

Deno.test({
  name: "aptGet() waits while another apt has the lock, and then does its work",
  ignore: !hasApt,
  fn: async () => {
    const folder = mkdtempSync(`${tmpdir()}/qpq-apt-`);
    mkdirSync(`${folder}/lists/partial`, { recursive: true });
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
      asked.resolve();
      await answer.promise;
      return new Response("", { status: 404 });
    });
    try {
      const slow = new Deno.Command("apt-get", {
        args: ["update", "-qq"],
        env: configuration(folder, "slow", `deb [trusted=yes] http://127.0.0.1:${server.addr.port}/ ./`),
        stderr: "null",
      }).spawn();
      await asked.promise;
      const program = `import { aptGet } from "${root}/scripts/install.mjs"; aptGet(["update"]);`;
      let ended = false;
      const second = new Deno.Command(Deno.execPath(), {
        args: ["eval", program],
        env: configuration(folder, "own", ""),
      }).output().finally(() => ended = true);
      await pause(1500);
      assert.equal(ended, false);
      answer.resolve();
      await slow.status;
      const { success, stderr } = await second;
      assert.ok(success, new TextDecoder().decode(stderr));
    } finally {
      answer.resolve();
      await server.shutdown();
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

Deno.test("aptGet() fails at once where it has no rights", async () => {
  const folder = mkdtempSync(`${tmpdir()}/qpq-apt-`);
  try {
    const said = "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\\n" +
      "E: Unable to lock directory /var/lib/apt/lists/";
    writeFileSync(`${folder}/apt-get`, `#!/bin/sh\nprintf '${said}\\n' >&2\nexit 100\n`, { mode: 0o755 });
    const program = `import { aptGet } from "${root}/scripts/install.mjs"; aptGet(["update"]);`;
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
      // A wait for the lock would last ten minutes.
      signal: AbortSignal.timeout(60_000),
    }).output();
    assert.equal(success, false);
    assert.match(new TextDecoder().decode(stderr), /Permission denied/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** `qpq-server` from a clone: how it ends. */

import assert from "node:assert/strict";
import { constants } from "node:os";
import { root } from "./paths.mjs";
import { processesWith, Running, until } from "./testing/processes.ts";

Deno.test({
  name: "SERVERS 12: signals by process id and the end of its wrapper end qpq-server",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "qpq-server-" });
    const program = `${root}/scripts/qpq-server.mjs`;
    // The lock of the data names no process: a server is found by the address that it was told, which no other has.
    const serve = () =>
      new Running("node", {
        args: [program, "serve"],
        env: { QPQ_DATA: "data", QPQ_LISTEN: "127.0.0.1:0" },
        cwd: folder,
      });
    const isFree = async () => {
      const { code } = await new Deno.Command("node", { args: [program, "check"], env: { QPQ_DATA: `${folder}/data` } })
        .output();
      const status = await new Deno.Command("node", {
        args: [program, "status", "--json"],
        env: { QPQ_DATA: `${folder}/data` },
      }).output();
      return code === 0 && JSON.parse(new TextDecoder().decode(status.stdout)).server === "stopped";
    };
    try {
      await Deno.mkdir(`${folder}/data`);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        const running = serve();
        await running.says("qpq-server: ready");
        running.process.kill(signal);
        assert.equal((await running.end()).code, 0, `${signal}: ${running.text}`);
        assert.ok(await isFree(), signal);
      }
      const running = serve();
      await running.says("qpq-server: ready");
      running.process.kill("SIGKILL");
      await running.end();
      let free = false;
      for (let tries = 0; tries < 60 && !free; tries++) free = await isFree();
      assert.ok(free, "the server has ended, and its data is free");

      // A command that a signal ends has the exit code that shells know.
      const restore = new Running("node", { args: [program, "health"], env: { QPQ_LISTEN: "127.0.0.1:9" } });
      await until("Deno", () => processesWith("main.ts\0health").length > 0);
      restore.process.kill("SIGINT");
      assert.ok([128 + constants.signals.SIGINT, 3].includes((await restore.end()).code));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

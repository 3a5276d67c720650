/** `npm start` as real processes: what ends it ends its services, and what is wrong with a setting is one sentence. */

import assert from "node:assert/strict";
import { root } from "./paths.mjs";
import { childrenOf, freePort, processesWith, Running, until } from "./testing/processes.ts";

interface Place {
  folder: string;
  env: Record<string, string>;
}

async function withPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-start-" });
  try {
    await Deno.mkdir(`${folder}/web`);
    await Deno.writeTextFile(`${folder}/web/index.html`, "<!doctype html>");
    const env = {
      QPQ_DATA_DIR: `${folder}/data`,
      QPQ_WEB_ROOT: `${folder}/web`,
      QPQ_LISTEN: `127.0.0.1:${freePort("udp")}`,
      QPQ_HTTP_PORT: String(freePort("tcp")),
      QPQ_WT_PORT: String(freePort("udp")),
    };
    await work({ folder, env });
  } finally {
    for (const pid of processesWith(folder)) Deno.kill(pid, "SIGKILL");
    await Deno.remove(folder, { recursive: true });
  }
}

const startByNpm = (env: Record<string, string>) => new Running("npm", { args: ["start"], cwd: root, env });
// npm names the folder in which it was called. These tests may run below an npm themselves.
const startAlone = (env: Record<string, string>, cwd = root) =>
  new Running("node", { args: [`${root}/scripts/start.mjs`], cwd, env: { ...env, INIT_CWD: cwd } });

Deno.test({
  name: "SERVERS 12: core and gateway end with npm start, whatever ends that, and the next start works",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withPlace(async ({ folder, env }) => {
      for (const signal of ["SIGTERM", "SIGKILL", "SIGHUP"] as const) {
        const running = startByNpm(env);
        await running.says("quicproquo is running");
        assert.equal(processesWith(folder).length, 2, "the core and the gateway");
        running.process.kill(signal);
        await until(`${signal} of npm ends the services`, () => processesWith(folder).length === 0);
        await running.end();
      }
      for (const signal of ["SIGHUP", "SIGKILL", "SIGTERM", "SIGINT"] as const) {
        const running = startByNpm(env);
        await running.says("quicproquo is running");
        const below = childrenOf(running.process.pid).flatMap((pid) => [pid, ...childrenOf(pid)]);
        const own = below.filter((pid) => Deno.readTextFileSync(`/proc/${pid}/cmdline`).startsWith("node\0"));
        assert.equal(own.length, 1);
        Deno.kill(own[0], signal);
        await until(`${signal} of the script ends the services`, () => processesWith(folder).length === 0);
        await running.end();
      }
    }),
});

Deno.test({
  name: "SERVERS 12: localhost as an address, and a relative data path with a comma, work with npm start",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withPlace(async ({ folder, env }) => {
      const port = env.QPQ_LISTEN.split(":")[1];
      const settings = { ...env, QPQ_LISTEN: `localhost:${port}`, QPQ_BIND: "localhost", QPQ_DATA_DIR: "one,two/data" };
      const running = startAlone(settings, folder);
      await running.says("quicproquo is running");
      assert.match(running.text, new RegExp(`--server 127\\.0\\.0\\.1:${port} `));
      assert.ok(Deno.statSync(`${folder}/one,two/data/core/qpq.db`).isFile);
      assert.equal(await (await fetch(`http://127.0.0.1:${env.QPQ_HTTP_PORT}/`)).text(), "<!doctype html>");
      // The operator's commands find the same data from the same place.
      const asked = await new Deno.Command("node", {
        args: [`${root}/scripts/qpq-server.mjs`, "status", "--json"],
        cwd: folder,
        env: { ...settings, INIT_CWD: folder },
      }).output();
      assert.equal(JSON.parse(new TextDecoder().decode(asked.stdout)).server, "serving");
      running.process.kill("SIGTERM");
      assert.equal((await running.end()).code, 0);
    }),
});

Deno.test({
  name: "SERVERS 12: a taken port, a bad port and a bad address are one sentence that names the setting",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withPlace(async ({ env }) => {
      using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      const taken = String((tcp.addr as Deno.NetAddr).port);
      const takenUdp = String((udp.addr as Deno.NetAddr).port);
      const inUse = "is in use by another program: end that, or name another port";
      const cases: [Record<string, string>, string][] = [
        [{ QPQ_LISTEN: `127.0.0.1:${takenUdp}` }, `qpq-server: error: QPQ_LISTEN: 127.0.0.1:${takenUdp} ${inUse}`],
        [{ QPQ_METRICS_PORT: taken }, `qpq-server: error: QPQ_METRICS_PORT: 127.0.0.1:${taken} ${inUse}`],
        [{ QPQ_HTTP_PORT: taken }, `qpq-gateway: error: QPQ_HTTP_PORT: 127.0.0.1:${taken} ${inUse}`],
        [{ QPQ_WT_PORT: takenUdp }, `qpq-gateway: error: QPQ_WT_PORT: 127.0.0.1:${takenUdp} ${inUse}`],
        [{ QPQ_REDIRECT_PORT: taken }, `qpq-gateway: error: QPQ_REDIRECT_PORT: 127.0.0.1:${taken} ${inUse}`],
        [
          { QPQ_GATEWAY_METRICS_PORT: taken },
          `qpq-gateway: error: QPQ_GATEWAY_METRICS_PORT: 127.0.0.1:${taken} ${inUse}`,
        ],
        [{ QPQ_LISTEN: "127.0.0.1:99999" }, "qpq-server: error: QPQ_LISTEN: ADDRESS:PORT is needed"],
        [{ QPQ_LISTEN: "chat.example.org:7443" }, "qpq-server: error: QPQ_LISTEN: ADDRESS:PORT is needed"],
        [
          { QPQ_LISTEN: "192.0.2.1:7443" },
          "qpq-server: error: QPQ_LISTEN: 192.0.2.1:7443 is no address of this machine",
        ],
        [{ QPQ_HTTP_PORT: "99999" }, "qpq-gateway: error: QPQ_HTTP_PORT: an integer of 0 … 65535 is needed"],
        [{ QPQ_WT_PORT: "x" }, "qpq-gateway: error: QPQ_WT_PORT: an integer of 0 … 65535 is needed"],
        [{ QPQ_BIND: "everywhere" }, "qpq-gateway: error: QPQ_BIND: an IP address or localhost is needed"],
        [{ QPQ_DATA_DIR: "/dev/null/data" }, "QPQ_DATA_DIR: /dev/null/data can not be made or written: "],
      ];
      for (const [settings, sentence] of cases) {
        const running = startAlone({ ...env, ...settings });
        const { code } = await running.end();
        const said = running.text.split("\n").filter((line) => line !== "" && !/^\[|^Stopped\.$/.test(line));
        assert.deepEqual([code, said.length], [1, 1], running.text);
        assert.ok(said[0].startsWith(sentence), said[0]);
      }
      udp.close();
    }),
});

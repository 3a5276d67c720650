/**
 * Runs the core under the permissions of scripts/permissions.mjs, as `npm start` does: its work succeeds, and
 * forbidden actions fail.
 */

import assert from "node:assert/strict";
import { RpcClient } from "../schema/rpc/client.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { coreFlags } from "../scripts/permissions.mjs";
import { startCore, stopService } from "../scripts/stack.mjs";
import { makeChannel, publishTo } from "./testing/delivery_service.ts";
import { connect, withTempDir } from "./testing/quic.ts";
import { random, seedDevices, sha256 } from "./testing/seed.ts";

function processTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: () => withTempDir(fn) });
}

processTest(
  "under its permissions the core stores messages and files, encrypted, and serves metrics",
  async (folder) => {
    await Deno.mkdir(`${folder}/core`);
    const devices = seedDevices(`${folder}/core`, 2, { key: "a key of the test" });
    const lines: string[] = [];
    const core = await startCore(folder, {
      QPQ_LISTEN: "127.0.0.1:0",
      QPQ_METRICS_PORT: "0",
      QPQ_DB_KEY: "a key of the test",
    }, { log: (line: string) => lines.push(line) });
    try {
      const port = Number(core.ready.addr.split(":")[1]);
      const { as, close } = await connect(
        { hostname: "127.0.0.1", port },
        await Deno.readTextFile(`${folder}/core/core-cert.pem`),
      );
      const [ann, bob] = devices;
      const client: RpcClient = as(ann);
      const channelId = await makeChannel(as, [ann, bob]);
      await publishTo(client, channelId, 1);
      const blob = random(60_000);
      await client.call(delivery.putBlob, { sha256: sha256(blob), length: blob.length }, {}, blob);
      const { metricsPort } = lines.map((line) => JSON.parse(line)).find(({ event }) => event === "ready");
      assert.match(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(), /qpq_queue_messages 1\n/);
      close();
    } finally {
      await stopService(core);
    }
  },
);

processTest(
  "the core can not leave its data folder, reach other hosts, start programs or load other libraries",
  async (folder) => {
    const env = { QPQ_DATA: `${folder}/core`, QPQ_LISTEN: "127.0.0.1:7443" };
    for (const name of ["core", "gateway"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/gateway/key.pem`, "the gateway's");
    await Deno.writeTextFile(
      `${folder}/attempt.ts`,
      `const attempts: Record<string, () => unknown> = {
      gateway: () => Deno.readTextFile(${JSON.stringify(`${folder}/gateway/key.pem`)}),
      write: () => Deno.writeTextFile(${JSON.stringify(`${folder}/x`)}, "mine"),
      host: () => Deno.connect({ hostname: "192.0.2.1", port: 443 }),
      port: () => Deno.listen({ hostname: "127.0.0.1", port: 1 }),
      program: () => new Deno.Command("/bin/true").output(),
      library: () => Deno.dlopen("libc.so.6", {}),
      variable: () => Deno.env.get("HOME"),
      own: () => Deno.writeTextFile(${JSON.stringify(`${folder}/core/x`)}, "mine"),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try { await attempt(); console.log(name, "done"); } catch (error) { console.log(name, (error as Error).name); }
    }`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...coreFlags(env), `${folder}/attempt.ts`],
      env,
      clearEnv: true,
    }).output();
    const names = ["gateway", "write", "host", "port", "program", "library", "variable"];
    assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n"), [
      ...names.map((name) => `${name} NotCapable`),
      "own done",
    ]);
  },
);

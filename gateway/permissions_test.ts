/**
 * Runs the gateway under the permissions of scripts/permissions.mjs, as `npm start` does: its work succeeds,
 * and forbidden actions fail.
 */
import assert from "node:assert/strict";
import { gatewayFlags } from "../scripts/permissions.mjs";
import { freeTcpPort, freeUdpPort } from "../server-common/testing/free_ports.ts";
import { startAcmeServer } from "./testing/caddy.ts";
import { startStubCore, stubSecret } from "./testing/stub_core.ts";

const main = new URL("./main.ts", import.meta.url).pathname;

interface Running extends AsyncDisposable {
  readonly ready: string;
  readonly events: string[];
}

async function environment(
  folder: string,
  core: { port: number; pin: Uint8Array },
): Promise<Record<string, string>> {
  return {
    QPQ_HTTP_PORT: String(await freeTcpPort()),
    QPQ_WT_PORT: String(await freeUdpPort()),
    QPQ_GATEWAY_METRICS_PORT: String(await freeTcpPort()),
    QPQ_DATA: `${folder}/gateway`,
    QPQ_WEB_ROOT: `${folder}/web`,
    QPQ_CORE_ADDR: `127.0.0.1:${core.port}`,
    QPQ_CORE_PIN: Array.from(core.pin, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    QPQ_GATEWAY_SECRET: new TextDecoder().decode(stubSecret),
  };
}

async function run(
  script: string,
  env: Record<string, string>,
  until: (events: string[], ready: string) => boolean,
): Promise<Running> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...gatewayFlags(env), script],
    env,
    clearEnv: true,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const events: string[] = [];
  let ready = "";
  const changed: (() => void)[] = [];
  const follow = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      take(text);
      for (const wake of changed.splice(0)) wake();
    }
  };
  const following = [
    follow(child.stdout, (text) => ready += text),
    follow(child.stderr, (text) => void events.push(text)),
  ];
  const over = child.status.then(() => "over" as const);
  const deadline = performance.now() + 20_000;
  while (!until(events, ready)) {
    assert.ok(performance.now() < deadline, `in vain: ${ready} ${events.join("")}`);
    const wait = new Promise<void>((resolve) => {
      changed.push(resolve);
      setTimeout(resolve, 200);
    });
    if (await Promise.race([wait, over]) === "over") break;
  }
  return {
    get ready() {
      return ready;
    },
    events,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
      await Promise.all([over, ...following]);
    },
  };
}

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  for (const name of ["core", "gateway", "web"]) await Deno.mkdir(`${folder}/${name}`);
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function processTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: () => withFolder(fn) });
}

processTest("under its permissions the gateway serves the app, metrics and calls", async (folder) => {
  const core = await startStubCore();
  await Deno.writeTextFile(`${folder}/web/index.html`, "page");
  const env = await environment(folder, core);
  await using running = await run(main, env, (events) => events.join("").includes("core-connected"));
  assert.match(running.ready, /^qpq-gateway: ready http=\d+ webtransport=\d+ metrics=\d+\n$/);
  const origin = `http://127.0.0.1:${env.QPQ_HTTP_PORT}`;
  assert.equal(await (await fetch(origin)).text(), "page");
  assert.equal(
    await (await fetch(`${origin}/rpc`, { method: "POST", body: "echo", headers: { origin } })).text(),
    "echo",
  );
  assert.match(
    await (await fetch(`http://127.0.0.1:${env.QPQ_GATEWAY_METRICS_PORT}/metrics`)).text(),
    /qpq_gateway_calls_total 1/,
  );
  core.close();
});

processTest(
  "the gateway can not read the database, write elsewhere, reach other hosts or start programs",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/core/qpq.db`, "everything");
    await Deno.writeTextFile(
      `${folder}/attempt.ts`,
      `const attempts: Record<string, () => unknown> = {
      database: () => Deno.readTextFile(${JSON.stringify(`${folder}/core/qpq.db`)}),
      listing: () => Deno.readDir(${JSON.stringify(`${folder}/core`)})[Symbol.asyncIterator]().next(),
      app: () => Deno.writeTextFile(${JSON.stringify(`${folder}/web/index.html`)}, "other"),
      host: () => Deno.connect({ hostname: "192.0.2.1", port: 443 }),
      port: () => Deno.listen({ hostname: "127.0.0.1", port: 1 }),
      program: () => new Deno.Command("/bin/true").output(),
      library: () => Deno.dlopen("libc.so.6", {}),
      variable: () => Deno.env.get("HOME"),
      own: () => Deno.writeTextFile(${JSON.stringify(`${folder}/gateway/x`)}, "mine"),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      try { await attempt(); console.log(name, "done"); } catch (error) { console.log(name, (error as Error).name); }
    }`,
    );
    await using running = await run(
      `${folder}/attempt.ts`,
      await environment(folder, { port: 7443, pin: new Uint8Array(32) }),
      (_events, ready) => ready.includes("own"),
    );
    const names = ["database", "listing", "app", "host", "port", "program", "library", "variable"];
    assert.deepEqual(
      running.ready.trim().split("\n"),
      [...names.map((name) => `${name} NotCapable`), "own done"],
      running.events.join(""),
    );
  },
);

processTest("under its permissions it orders a certificate", async (folder) => {
  await using authority = await startAcmeServer();
  const core = await startStubCore();
  const env = {
    ...await environment(folder, core),
    QPQ_BIND: "127.0.0.1",
    QPQ_DOMAIN: "localhost",
    QPQ_ACME_DIRECTORY: authority.directoryUrl,
    QPQ_ACME_CA: authority.rootPath,
  };
  await using running = await run(
    main,
    env,
    (events) => /certificate-replaced|acme-order-failed/.test(events.join("")),
  );
  assert.match(running.events.join(""), /acme-certificate-ordered[^]*certificate-replaced/);
  core.close();
});

/** The `qpq-gateway` process: ready line, drain on SIGTERM, errors of configuration. */
import assert from "node:assert/strict";
import { openSession } from "./testing/http3_client.ts";
import { startStubCore, stubSecret } from "./testing/stub_core.ts";

/** A drain ends after 5 s; beyond this, in ms, it has none. */
const mostDrainMs = 30_000;

const main = new URL("./main.ts", import.meta.url).pathname;

function spawn(env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--unstable-net", main],
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test({
  name: "qpq-gateway says when it is ready, drains on SIGTERM with a goodbye to sessions, and exits 0",
  ignore: Deno.build.os === "windows",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const core = await startStubCore();
    const child = spawn({
      QPQ_HTTP_PORT: "0",
      QPQ_WT_PORT: "0",
      QPQ_DATA: folder,
      QPQ_WEB_ROOT: folder,
      QPQ_CORE_ADDR: `127.0.0.1:${core.port}`,
      QPQ_CORE_PIN: Array.from(core.pin, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      QPQ_GATEWAY_SECRET: new TextDecoder().decode(stubSecret),
    });
    const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const stderr = new Response(child.stderr).text();
    const line = (await stdout.read()).value ?? "";
    const [, httpPort, port] = line.match(/^qpq-gateway: ready http=(\d+) webtransport=(\d+)\n$/) ?? assert.fail(line);
    const [{ certificate }] = JSON.parse(await Deno.readTextFile(`${folder}/webtransport-certificates.json`));
    const session = await openSession({ port: Number(port), certificate, origin: `http://127.0.0.1:${httpPort}` });
    assert.equal(session.status, 200);
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), mostDrainMs);
    assert.equal(new TextDecoder().decode((await session.nextData())?.subarray(-16)), "gateway shutdown");
    assert.equal((await child.status).code, 0);
    clearTimeout(late);
    const events = (await stderr).trim().split("\n").map((text) => JSON.parse(text).event);
    assert.ok(events.includes("core-connected") && events.includes("draining"), String(events));
    await stdout.cancel();
    core.close();
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("qpq-gateway names the key of an invalid value and exits 1", async () => {
  const child = spawn({ QPQ_HTTP_PORT: "many", QPQ_CORE_PIN: "ab".repeat(32), QPQ_GATEWAY_SECRET: "s".repeat(32) });
  const { code, stdout, stderr } = await child.output();
  assert.equal(code, 1);
  assert.equal(stdout.length, 0);
  assert.equal(
    new TextDecoder().decode(stderr),
    "qpq-gateway: error: QPQ_HTTP_PORT: an integer of 0 … 65535 is needed\n",
  );
});

/**
 * Runs stock Chromium and Firefox against a running gateway, because the project does not control their code.
 */
import assert from "node:assert/strict";
import { readAll, writeAll } from "./testing/http3_client.ts";
import { startTestGateway } from "./testing/test_gateway.ts";

const script = new URL("./testing/browser_echo.mjs", import.meta.url);

const connectTimeoutMs = 2_000;

interface Seen {
  url: string;
  connectMs: number;
  p50Ms: number;
  bulkMs: number;
  echoes: number;
  rpcStatus: number;
  rpcSame: boolean;
  wrongPath: string;
  lateEcho: boolean;
}

for (const [browser, host] of [["chromium", "localhost"], ["firefox", "127.0.0.1"]]) {
  Deno.test({
    name: `${browser} echoes 20 × 1 MB and /rpc, is refused on another path, and learns close code and reason`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using test = await startTestGateway({
        limits: { connectMs: connectTimeoutMs },
        // Answers after the whole call. Over HTTP/1.1 a browser reads no answer before it has sent
        // everything.
        core: { onCall: async ({ readable, writable }) => await writeAll(writable, await readAll(readable)) },
      });
      await Deno.writeTextFile(`${test.config.webRoot}/index.html`, "<!doctype html><title>check</title>");
      await test.gateway.whenCoreReady();
      const command = new Deno.Command("node", {
        args: [script.pathname, browser, `http://${host}:${test.gateway.httpPort}/`, String(connectTimeoutMs)],
        cwd: new URL("..", import.meta.url).pathname,
        stdout: "piped",
        stderr: "inherit",
      });
      const child = command.spawn();
      const deadline = setTimeout(() => child.kill("SIGTERM"), 45_000);
      try {
        const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
        let output = "";
        const readLine = async (): Promise<string> => {
          while (!output.includes("\n")) {
            const { value, done } = await lines.read();
            assert.ok(!done, `the browser's script ended early: ${output}`);
            output += value;
          }
          const line = output.slice(0, output.indexOf("\n"));
          output = output.slice(line.length + 1);
          return line;
        };
        const seen: Seen = JSON.parse(await readLine());
        const { connectMs, p50Ms, bulkMs } = seen;
        console.log(`${browser}: connected in ${connectMs} ms, echo of 200 B p50 ${p50Ms} ms, 20 × 1 MB ${bulkMs} ms`);
        assert.equal(seen.url, `https://127.0.0.1:${test.gateway.webTransportPort}/wt`);
        assert.equal(seen.echoes, 20);
        assert.equal(seen.rpcStatus, 200);
        assert.ok(seen.rpcSame);
        assert.ok(seen.lateEcho, "the session outlives the time limit of a CONNECT");
        assert.equal(seen.wrongPath, "WebTransportError");
        assert.equal(test.gateway.metrics.get("qpq_gateway_sessions_refused_total"), 1);
        await test.gateway.close(100);
        assert.deepEqual(JSON.parse(await readLine()), { closeCode: 0, reason: "gateway shutdown" });
        assert.equal((await child.status).code, 0);
        await lines.cancel();
      } finally {
        clearTimeout(deadline);
      }
    },
  });
}

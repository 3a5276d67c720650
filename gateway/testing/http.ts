/** Helpers for tests of the HTTP port. Each test has its own gateway. */
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "./test_gateway.ts";

/** A test with a running gateway, which ends with the test. */
export function httpTest(
  name: string,
  fn: (test: TestGateway) => Promise<void>,
  options: TestGatewayOptions = {},
): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using test = await startTestGateway(options);
      await fn(test);
    },
  });
}

/** Sends a request as raw text that fetch() would not send. */
export async function rawRequest(test: TestGateway, text: string): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: test.gateway.httpPort });
  await conn.write(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  return await new Response(conn.readable).text();
}

/**
 * Fills the gateway's folder with an app: a page, a worker, hashed files, and files that must not be served.
 */
export async function writeSite(test: TestGateway): Promise<void> {
  const root = test.config.webRoot;
  await Deno.mkdir(`${root}/assets`);
  await Deno.writeTextFile(`${root}/index.html`, "<!doctype html>page");
  await Deno.writeTextFile(`${root}/manifest.webmanifest`, "{}");
  await Deno.writeTextFile(`${root}/sw.js`, "// worker");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js`, "plain script");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js.br`, "brotli");
  await Deno.writeTextFile(`${root}/assets/app-3f2a.js.gz`, "gzipped");
  await Deno.writeFile(`${root}/assets/argon2-77.wasm`, new Uint8Array(8));
  await Deno.writeTextFile(`${root}/.env`, "hidden");
  await Deno.writeTextFile(`${root}/../secret.txt`, "secret");
  await Deno.symlink(`${root}/../secret.txt`, `${root}/link.txt`);
}

/**
 * The public test vectors through the bundled engine, in the browser that people use. The same runner passes
 * in Deno (client/testing/vectors).
 */

import { expect, test } from "@playwright/test";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { resolve } from "node:path";
import { build } from "vite";

const root = resolve(import.meta.dirname!, "..");
const vectors = process.env.QPQ_VECTORS || resolve(root, "../shared/vectors");

async function bundle(): Promise<string> {
  const output = await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      write: false,
      minify: false,
      lib: { entry: `${root}/client/testing/vectors/all.ts`, formats: ["es"], fileName: "all" },
    },
  });
  const [{ output: [chunk, ...more] }] = Array.isArray(output) ? output : [output as never];
  if (more.length > 0) throw new Error("the vectors' bundle must be one file");
  return (chunk as { code: string }).code;
}

function serve(code: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname;
    if (path === "/") response.setHeader("content-type", "text/html").end("<!doctype html><title>vectors</title>");
    else if (path === "/all.js") response.setHeader("content-type", "text/javascript").end(code);
    else if (path.startsWith("/vectors/") && !path.includes("..")) {
      response.setHeader("content-type", "application/json").end(
        readFileSync(`${vectors}${path.slice("/vectors".length)}`),
      );
    } else response.writeHead(404).end();
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

test("MLS, X-Wing, Wycheproof and OPAQUE vectors pass in Chromium", async ({ page }) => {
  if (!existsSync(vectors)) {
    // Not part of the repository; where CI runs they must be there.
    expect(process.env.CI, `no vectors at ${vectors}`).toBeUndefined();
    console.log(`no vectors at ${vectors}: nothing was checked`);
    return;
  }
  const server = await serve(await bundle());
  try {
    await page.goto(`http://localhost:${(server.address() as { port: number }).port}/`);
    const checked = await page.evaluate(async () => {
      const { runAllVectors } = await import(/* @vite-ignore */ `${location.origin}/all.js`);
      return await runAllVectors(async (path: string) => await (await fetch(`/vectors/${path}`)).json()) as Record<
        string,
        number
      >;
    });
    console.log(checked);
    for (const [name, count] of Object.entries(checked)) expect(count, name).toBeGreaterThan(0);
    expect(Object.keys(checked).length).toBeGreaterThanOrEqual(18);
  } finally {
    server.close();
  }
});

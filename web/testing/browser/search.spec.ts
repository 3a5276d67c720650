/** The search in a real Worker, over IndexedDB and an encrypted index in OPFS, under the app's security headers. */

import { expect, type Page, test } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { buildSearchProbe } from "../../../scripts/test/search_probe.mjs";
import { serveBuild } from "./serve_build.ts";

let built: { folder: string; remove(): Promise<void> };
let probe: Awaited<ReturnType<typeof serveBuild>>;

test.beforeAll(async () => {
  built = await buildSearchProbe();
  probe = await serveBuild(built.folder);
});
test.afterAll(async () => {
  await probe.close();
  await built.remove();
});

/** Calls the probe's Worker. */
function call<T>(page: Page, name: string, ...args: unknown[]): Promise<T> {
  const source = ([name, args]: [string, unknown[]]) =>
    (globalThis as unknown as { probe: { call(name: string, ...args: unknown[]): Promise<unknown> } }).probe
      .call(name, ...args);
  return page.evaluate(source, [name, args] as [string, unknown[]]) as Promise<T>;
}

async function texts(page: Page, query: string): Promise<string[]> {
  const { hits } = await call<{ hits: { text: string }[] }>(page, "find", query);
  return hits.map(({ text }) => text);
}

async function opened(page: Page): Promise<void> {
  await page.goto(probe.url);
  await call(page, "open");
  await call(page, "begin");
  await call(page, "complete");
}

test("CONVERSATIONS: the index in OPFS is encrypted, opens again, heals, and goes with a profile", async ({ page }) => {
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(probe.url);
  await call(page, "open");
  await call(page, "write", 1, Array.from({ length: 500 }, (_, index) => `Unverwechselbar Straße ${index}`));
  await call(page, "begin");
  await call(page, "complete");
  expect(await texts(page, "unverwechselbar 499")).toEqual(["Unverwechselbar Straße 499"]);
  await call(page, "write", 501, ["東京タワーで会う"]);
  expect(await texts(page, "京タワ")).toEqual(["東京タワーで会う"]);
  await call(page, "close");
  const { sizes, isInClear } = await call<{ sizes: number[]; isInClear: boolean }>(page, "inspect", "unverwechsel");
  expect(Math.max(...sizes)).toBeGreaterThan(50_000);
  expect(isInClear).toBe(false);
  expect((await call<{ isInClear: boolean }>(page, "inspect", "sqlite format")).isInClear).toBe(false);

  // Another visit.
  await opened(page);
  expect(await texts(page, "strasse 17")).toHaveLength(11);
  await call(page, "close");

  await call(page, "damage");
  await opened(page);
  expect(await texts(page, "unverwechselbar 3")).toHaveLength(20);
  expect(await texts(page, "unverwechselbar 499")).toEqual(["Unverwechselbar Straße 499"]);

  await call(page, "clear");
  expect((await call<{ sizes: number[] }>(page, "inspect", "x")).sizes).toEqual([]);
  expect(errors).toEqual([]);
});

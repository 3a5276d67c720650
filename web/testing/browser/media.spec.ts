import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";
import { fakeBytes } from "../fake_attachments.ts";

/** The folder for screenshots, from SHOTS. */
const shots = process.env.SHOTS;

const article = (page: Page, words: string) => page.getByRole("article").filter({ hasText: words });

async function open(page: Page, url: string): Promise<void> {
  await signIn(page, url);
  await page.getByRole("link", { name: "Lake weekend" }).click();
  await expect(article(page, "Five in the morning")).toBeVisible();
}

/** The service worker has taken the page over: not before its first load has ended. */
async function controlled(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

async function scrollTo(page: Page, name: string, role: "button" | "img" = "button"): Promise<void> {
  const goal = page.getByRole(role, { name, exact: true });
  await expect(async () => {
    await page.getByRole("log").evaluate((log) => log.scrollTop -= 200);
    await expect(goal).toBeVisible({ timeout: 100 });
  }).toPass({ timeout: 60_000 });
  await goal.scrollIntoViewIfNeeded();
}

/** By the keyboard: rows may move under a mouse between its press and its release, and that is no click. */
async function saved(page: Page, button: string): Promise<{ name: string; sha256: string }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).press("Enter"),
  ]);
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), sha256: createHash("sha256").update(bytes).digest("hex") };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1200, 360]) {
    test(`CONVERSATIONS: every kind of file has its look, ${scheme} ${width}`, async ({ page, url, problems: _ }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await open(page, url);
      await expect(page.getByRole("img", { name: "The lake before sunrise" })).toBeVisible();
      await expect(page.getByRole("img", { name: "jetty.jpg" })).toBeVisible();
      await expectWhole(page, "pictures");
      if (shots) await page.screenshot({ path: `${shots}/media-1-${scheme}-${width}.png`, caret: "initial" });
      await scrollTo(page, "Play swim.webm");
      await expectWhole(page, "voice and video");
      if (shots) await page.screenshot({ path: `${shots}/media-2-${scheme}-${width}.png`, caret: "initial" });
      await scrollTo(page, "Show panorama.jpg, 8 MB");
      await expectWhole(page, "files");
      if (shots) await page.screenshot({ path: `${shots}/media-3-${scheme}-${width}.png`, caret: "initial" });
      await scrollTo(page, "Download page.html");
      await expect(page.getByText("This file can not be shown here.")).toBeVisible();
      await expectWhole(page, "hostile");
      if (shots) await page.screenshot({ path: `${shots}/media-4-${scheme}-${width}.png`, caret: "initial" });
    });
  }
}

test("CONVERSATIONS: rows keep their height while pictures load", async ({ page, url, problems: _ }) => {
  await open(page, url);
  const tile = page.locator(".tile").filter({ has: page.getByRole("img", { name: "The lake before sunrise" }) });
  await expect(tile).toBeVisible();
  const { width, height } = (await tile.boundingBox())!;
  expect([Math.round(width), Math.round(height)]).toEqual([340, Math.round(340 * 1000 / 1600)]);
});

test("CONVERSATIONS: a large picture waits; what is gone or changed says so", async ({ page, url, problems: _ }) => {
  await open(page, url);
  await scrollTo(page, "Show panorama.jpg, 8 MB");
  await page.getByRole("button", { name: "Show panorama.jpg, 8 MB" }).click();
  await expect(page.getByRole("img", { name: "panorama.jpg" })).toBeVisible();
  const retry = page.getByRole("article").filter({ hasText: "E031" }).getByRole("button", { name: "Try again" });
  await expect(async () => {
    await page.getByRole("log").evaluate((log) => log.scrollTop -= 200);
    await expect(retry).toBeVisible({ timeout: 100 });
  }).toPass();
  await retry.click();
  await expect(page.getByText("The file is no longer on the server.")).toBeVisible();
  await expect(page.getByText("L039")).toBeVisible();
});

test("CONVERSATIONS: the service worker saves a file of 20 MB byte for byte", async ({ page, url }) => {
  await open(page, url);
  await controlled(page);
  await scrollTo(page, "Download plans.bin");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  expect(await saved(page, "Download plans.bin")).toEqual({ name: "plans.bin", sha256: sha256(fakeBytes(20_000_001)) });
  const [path] = asked.filter((path) => path.startsWith("/media/"));
  expect(path).toMatch(/^\/media\/[0-9a-f]{32}$/);
  // The path has ended, and was never a page.
  for (const id of [path.slice(7), "0".repeat(32)]) {
    const { status, body } = await page.evaluate(async (id) => {
      const response = await fetch(`/media/${id}`);
      return { status: response.status, body: await response.text() };
    }, id);
    expect([status, body]).toEqual([404, "not found"]);
  }
  expect(await saved(page, "Download Packing list – spring.pdf")).toEqual({
    name: "Packing list – spring.pdf",
    sha256: sha256(fakeBytes(240_000)),
  });
  await expect(page.locator("iframe")).toHaveCount(0);
});

test("CONVERSATIONS: a page and a drawing are saved, and run nowhere", async ({ page, url, problems: _ }) => {
  await open(page, url);
  await controlled(page);
  await scrollTo(page, "Download page.html");
  await expect(page).toHaveTitle(/^\(\d+\) /);
  const title = await page.title();
  expect((await saved(page, "Download page.html")).name).toBe("page.html");
  expect((await saved(page, "Download drawing.svg")).name).toBe("drawing.svg");
  expect(await page.title()).toBe(title);
  await expect(page.getByRole("img", { name: "really-a-page.png" })).toHaveCount(0);
  await page.getByRole("button", { name: "Open really-a-page.png" }).click();
  expect((await saved(page, "Download really-a-page.png")).name).toBe("really-a-page.png");
});

test("CONVERSATIONS: without a service worker a file is saved from the page's memory", async ({ browser, url }) => {
  const context = await browser.newContext({ serviceWorkers: "block", locale: "en-GB" });
  const page = await context.newPage();
  await open(page, url);
  await scrollTo(page, "Download plans.bin");
  expect(await saved(page, "Download plans.bin")).toEqual({ name: "plans.bin", sha256: sha256(fakeBytes(20_000_001)) });
  await context.close();
});

test("CONVERSATIONS: one voice message plays at a time, and goes on", async ({ page, url, problems: _ }) => {
  await open(page, url);
  await scrollTo(page, "Play swim.webm");
  const voices = page.getByRole("group", { name: "Voice message" });
  await expect(voices).toHaveCount(2);
  const [first, second] = [voices.nth(0), voices.nth(1)];
  await first.getByRole("button", { name: "Play voice message" }).click();
  await expect(first.getByRole("button", { name: "Pause voice message" })).toBeVisible();
  const slider = first.getByRole("slider", { name: "Position" });
  await slider.focus();
  for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveAttribute("aria-valuetext", /^0:0[345] of 0:06$/);
  await first.getByRole("button", { name: "Speed 1×" }).click();
  await expect(second.getByRole("button", { name: "Speed 1.5×" })).toBeVisible();
  await second.getByRole("button", { name: "Play voice message" }).click();
  await expect(second.getByRole("button", { name: "Pause voice message" })).toBeVisible();
  await expect(first.getByRole("button", { name: "Play voice message" })).toBeVisible();
  await expect(slider).toHaveAttribute("aria-valuetext", /^0:0[3456] of 0:06$/);
});

test("CONVERSATIONS: the viewer goes on, zooms, and leads to the message", async ({ page, url, problems: _ }) => {
  await open(page, url);
  await page.getByRole("button", { name: "Open jetty.jpg" }).click();
  const viewer = page.getByRole("dialog");
  await expect(viewer.getByRole("img", { name: "jetty.jpg" })).toBeVisible();
  await expectWhole(page, "viewer");
  if (shots) await page.screenshot({ path: `${shots}/viewer-light.png`, caret: "initial" });
  await page.keyboard.press("ArrowRight");
  await expect(viewer.getByRole("img", { name: "boat.jpg" })).toBeVisible();
  await page.keyboard.press("+");
  await expect(viewer.locator(".viewed-picture")).toHaveAttribute("style", /scale\(1\.5\)/);
  await page.keyboard.press("-");
  await expect(viewer.locator(".viewed-picture")).not.toHaveAttribute("style");
  const { x, y, width, height } = (await viewer.locator(".viewed-picture").boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.wheel(0, -400);
  await expect(viewer.locator(".viewed-picture")).toHaveAttribute("style", /scale\(2\./);
  await page.keyboard.press("0");
  for (let step = 0; step < 3; step++) await page.keyboard.press("ArrowLeft");
  await expect(viewer.getByText("swim.webm")).toBeVisible();
  await viewer.getByRole("button", { name: "Go to message" }).click();
  await expect(viewer).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Play swim.webm" })).toBeInViewport();
  await page.getByRole("button", { name: "Play swim.webm" }).click();
  await page.keyboard.press("Escape");
  await expect(viewer).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Play swim.webm" })).toBeFocused();
});

test("CONVERSATIONS: a video plays from the stream of the service worker", async ({ page, url, problems: _ }) => {
  await open(page, url);
  await controlled(page);
  await scrollTo(page, "Play swim.webm");
  await page.getByRole("button", { name: "Play swim.webm" }).click();
  const video = page.getByRole("dialog").locator("video");
  await expect(video).toHaveAttribute("src", /^\/media\/[0-9a-f]{32}$/);
  await expect.poll(() => video.evaluate((element: HTMLVideoElement) => element.currentTime)).toBeGreaterThan(0);
  const answer = await page.evaluate(async (path) => {
    const whole = await fetch(path!);
    const part = await fetch(path!, { headers: { range: "bytes=4-9" } });
    const bytes = new Uint8Array(await whole.arrayBuffer());
    return {
      status: [whole.status, part.status],
      type: whole.headers.get("content-type"),
      nosniff: whole.headers.get("x-content-type-options"),
      policy: whole.headers.get("content-security-policy"),
      range: part.headers.get("content-range"),
      isPart: new Uint8Array(await part.arrayBuffer()).every((byte, at) => byte === bytes[4 + at]),
      length: bytes.length,
    };
  }, await video.getAttribute("src"));
  expect(answer).toEqual({
    status: [200, 206],
    type: "video/webm",
    nosniff: "nosniff",
    policy: "sandbox; default-src 'none'",
    range: `bytes 4-9/${answer.length}`,
    isPart: true,
    length: answer.length,
  });
  await page.keyboard.press("Escape");
});

for (const width of [1200, 360]) {
  test(`CONVERSATIONS: details list media, files and voices, ${width} px`, async ({ page, url, problems: _ }) => {
    await page.setViewportSize({ width, height: 900 });
    await open(page, url);
    await page.getByRole("button", { name: "Chat details" }).click();
    await page.getByRole("button", { name: "Media and files" }).click();
    const panel = page.getByRole("region", { name: "Details" });
    await expect(panel.getByRole("img", { name: "The lake before sunrise" })).toBeVisible();
    await expect(panel.getByRole("button", { name: "Show panorama.jpg, 8 MB" })).toBeVisible();
    await expectWhole(page, "media");
    if (shots) await page.screenshot({ path: `${shots}/gallery-media-${width}.png`, caret: "initial" });
    await panel.getByRole("button", { name: "Files", exact: true }).click();
    await expect(panel.getByRole("button", { name: "Download page.html" })).toBeVisible();
    await expectWhole(page, "files");
    if (shots) await page.screenshot({ path: `${shots}/gallery-files-${width}.png`, caret: "initial" });
    await panel.getByRole("button", { name: "Voice", exact: true }).click();
    await expect(panel.getByRole("group", { name: "Voice message" })).toHaveCount(2);
    await expectWhole(page, "voice");
    await panel.getByRole("button", { name: "Media", exact: true }).click();
    await panel.getByRole("button", { name: "Open heron.jpg" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Go to message" }).click();
    await expect(article(page, "The best five")).toBeInViewport();
  });
}

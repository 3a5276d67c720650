/** Voice messages, recorded from the browser's own test tone. */

import type { Page } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../../../scripts/test/chromium.mjs";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const shots = process.env.SHOTS;

test.use({
  launchOptions: {
    ...headlessShell,
    args: [...headlessShell.args, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  },
});

async function begin(page: Page, url: string): Promise<void> {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).first().click();
  await page.getByRole("button", { name: "Voice message" }).click();
  await expect(page.getByRole("timer")).toHaveText("0:01");
}

const live = (page: Page) =>
  page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState));

/** Keeps the tracks of the microphone where {@link live} finds them. */
async function watchTracks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = [];
    Object.assign(window, { tracks });
    const ask = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (options) {
      const stream = await ask.call(this, options);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
}

for (const width of [1200, 360]) {
  test(`CONVERSATIONS: a voice message is recorded and sent, ${width} px`, async ({ page, url, problems: _ }) => {
    await watchTracks(page);
    await page.setViewportSize({ width, height: 800 });
    await begin(page, url);
    expect(await live(page)).toEqual(["live"]);
    const bar = page.getByRole("group", { name: "Voice message" });
    await expectWhole(page, `recording ${width}`);
    if (shots) await page.screenshot({ path: `${shots}/voice-${width}.png` });
    await bar.getByRole("button", { name: "Pause" }).click();
    const time = await page.getByRole("timer").textContent();
    await bar.getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("timer")).not.toHaveText(time!);
    await bar.getByRole("button", { name: "Send" }).click();
    const sent = page.getByRole("article").last();
    await expect(sent.getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
    expect(await live(page), "the microphone is let go").toEqual(["ended"]);
  });
}

test("CONVERSATIONS: a cancelled recording is gone, one that was left waits", async ({ page, url, problems: _ }) => {
  await watchTracks(page);
  await begin(page, url);
  await page.getByRole("group", { name: "Voice message" }).getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Voice message" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Files to send" })).toHaveCount(0);
  await page.getByRole("button", { name: "Voice message" }).click();
  await expect(page.getByRole("timer")).toHaveText("0:01");
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("log", { name: "Choir" })).toBeVisible();
  await page.getByRole("link", { name: "alice" }).first().click();
  await expect(page.getByRole("list", { name: "Files to send" }).getByText(/^voice\./)).toBeVisible();
  await expect.poll(() => live(page)).toEqual(["ended", "ended"]);
});

test("CONVERSATIONS: a microphone that is refused is explained", async ({ page, url, problems: _ }) => {
  await page.addInitScript(() => {
    MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).first().click();
  await page.getByRole("button", { name: "Voice message" }).click();
  await expect(page.getByRole("alert")).toContainText("does not let this page use the microphone");
  await expectWhole(page, "refused");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
});

/** Screens of what is on its way into a message, and of what became of it. */

import type { Page } from "@playwright/test";
import { button, open, type Screen } from "./steps.ts";
import { openMessageMenu } from "../message_menu.ts";

async function choose(page: Page, entry: string, names: string[]): Promise<void> {
  await button(page, "Attach").click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
  const buffer = Buffer.from(
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(480, 320);
      const context = canvas.getContext("2d")!;
      const sky = context.createLinearGradient(0, 0, 480, 320);
      sky.addColorStop(0, "teal");
      sky.addColorStop(1, "gold");
      context.fillStyle = sky;
      context.fillRect(0, 0, 480, 320);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
      return Array.from(bytes);
    }),
  );
  await (await chooser).setFiles(
    names.map((name) =>
      name.endsWith(".png") ? { name, mimeType: "image/png", buffer } : { name, mimeType: "text/plain", buffer }
    ),
  );
}

export const sendingScreens: readonly Screen[] = [
  {
    name: "02f-attach",
    async go(page) {
      await open(page, "alice");
      await button(page, "Attach").click();
      await page.getByRole("menuitem", { name: "File" }).waitFor();
    },
  },
  {
    name: "02g-tray",
    async go(page) {
      await open(page, "alice");
      await choose(page, "Photo or video", [
        "garden.png",
        "a very long name of a picture that was made in the garden.png",
      ]);
      await choose(page, "File", ["notes.txt"]);
      await page.getByRole("list", { name: "Files to send" }).locator("img").nth(1).waitFor();
      await page.getByRole("textbox", { name: "Message", exact: true }).fill("From the garden");
    },
  },
  {
    name: "02h-on-the-way",
    async go(page) {
      await open(page, "alice");
      await choose(page, "File", ["slow.txt"]);
      await button(page, "Send").click();
      await page.getByRole("progressbar", { name: "Sending files" }).waitFor();
    },
  },
  {
    name: "02i-voice",
    async go(page) {
      await open(page, "alice");
      await button(page, "Voice message").click();
      await page.getByRole("timer").filter({ hasText: "0:01" }).waitFor();
    },
  },
  {
    name: "02k-info",
    async go(page) {
      await open(page, "alice");
      await page.getByRole("textbox", { name: "Message" }).fill("Is it you?");
      await page.keyboard.press("Enter");
      const article = page.getByRole("article").filter({ hasText: "Is it you?" });
      await article.getByRole("img", { name: "Read" }).waitFor();
      await openMessageMenu(article);
      await page.getByRole("menuitem", { name: "Info" }).click();
      await page.getByRole("list", { name: "Read by" }).waitFor();
    },
  },
  {
    name: "02l-timer",
    async go(page) {
      await open(page, "alice");
      await button(page, "Chat details").click();
      await page.getByRole("combobox", { name: "Disappearing messages" }).selectOption("1 day");
      await button(page, "Close details").click();
      await page.getByRole("log").getByText(/1 day/).waitFor();
      await page.getByRole("textbox", { name: "Message" }).fill("Burn this");
      await page.keyboard.press("Enter");
      await page.getByRole("img", { name: /^Disappears/ }).waitFor();
    },
  },
];

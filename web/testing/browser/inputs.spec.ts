import type { Page } from "@playwright/test";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

const composer = (page: Page) => page.getByRole("textbox", { name: "Message" });

test("PEOPLE B8: an Enter of an input method does not send", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await composer(page).fill("にほんご");
  for (const kind of [{ keyCode: 229 }, { isComposing: true }]) {
    await composer(page).evaluate((field, init) => {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init }));
    }, kind);
  }
  await expect(composer(page)).toHaveValue("にほんご");
  await composer(page).press("Enter");
  await expect(composer(page)).toHaveValue("");
  await expect(page.getByRole("article").filter({ hasText: "にほんご" })).toHaveCount(1);
});

test("PEOPLE B8: a text that nobody sees can not be sent", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  for (const blank of ["\u200b", "\u2800\u3164", "\u202e "]) {
    await composer(page).fill(blank);
    await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
    await composer(page).press("Enter");
    await expect(composer(page)).toHaveValue(blank);
  }
});

test("PEOPLE B8: links show the host that they open, whatever stands around them", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await composer(page).fill("\u202esee https://ехample.org/a and https://bank.example@evil.example/x");
  await composer(page).press("Enter");
  const message = page.getByRole("article").filter({ hasText: "bank.example" });
  await expect(message).toContainText("(xn--");
  const links = message.getByRole("link");
  await expect(links).toHaveCount(1);
  await expect(links).toHaveCSS("unicode-bidi", "isolate");
  await expect(links).toHaveCSS("direction", "ltr");
});

test("PEOPLE B8: what would stop the page is not inserted; many lines come at once", async ({ page, url }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  const paste = async (text: string) => {
    await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await page.keyboard.press("Control+V");
  };
  await composer(page).fill("before ");
  await paste("\n".repeat(16_000));
  await expect(page.getByRole("alert")).toHaveText(/this text has 16001 lines, and the field holds 5000/);
  await expect(composer(page)).toHaveValue("before ");
  await expectWhole(page, "a refused paste");
  await paste("x".repeat(500_000));
  await expect(page.getByRole("alert")).toHaveText(/this text has 489 KB, and a message holds 16 KB/);
  // An input method puts its text in without a paste: Chromium would take minutes for so many lines.
  const lines = "a\n".repeat(4_900);
  await page.keyboard.insertText(lines);
  await expect(composer(page)).toHaveValue(`before ${lines}`);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.keyboard.type("end");
  await expect(composer(page)).toHaveValue(`before ${lines}end`);
});

test("PEOPLE B8: a message of 16,000 lines is shown in part until all is asked for", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  // Typed, these lines would keep the browser busy for minutes.
  await composer(page).evaluate((field: HTMLTextAreaElement) => {
    field.value = `first${"\n".repeat(15_900)}last`;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
  await composer(page).press("Enter");
  const message = page.getByRole("article").filter({ hasText: "first" });
  const more = message.getByRole("button", { name: "Show more" });
  await expect(more).toBeVisible();
  await expect.poll(async () => (await message.boundingBox())?.height ?? Infinity).toBeLessThan(1000);
  await expectWhole(page, "a folded message");
  const top = async () => Math.round((await message.boundingBox())!.y);
  const before = await top();
  await more.click();
  await expect(message).toContainText("last");
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  expect(await top(), "who asks for more reads on, and is not taken to its end").toBe(before);
  await message.getByRole("button", { name: "Show less" }).click();
  await expect(message).not.toContainText("last");
  await expect(message).toBeInViewport();
});

test("what stands side by side has spaces between", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.locator(".conversation .pane-sub")).toHaveText(/^\d+ members · End-to-end encrypted/);
  await page.getByRole("button", { name: "Chat details" }).click();
  await expect(page.locator(".person-name").first()).toHaveText("mara (you)");
  await page.evaluate(() => location.hash = "#settings");
  await expect(page.getByText(/^Chrome on \w+ · In use now · added /)).toBeVisible();
});

test("PEOPLE B8: a group keeps the shape of its picture when it is renamed", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  const shape = () => page.locator(".pane-head .avatar").evaluate((avatar) => getComputedStyle(avatar).borderRadius);
  const before = await shape();
  await page.getByRole("button", { name: "Chat details" }).click();
  for (const name of ["Choir on Fridays", "Choir on Mondays", "Singers"]) {
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "Group name" }).fill(name);
    await page.keyboard.press("Enter");
    await expect(page.locator(".conversation .pane-title")).toHaveText(name);
    expect(await shape()).toBe(before);
  }
});

test("PEOPLE B8: an address of a chat that is not here leads to the list, with a line", async ({ page, url }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, url);
  await page.evaluate(() => location.hash = "#chat/00ff");
  await expect(page.getByRole("status").filter({ hasText: "This chat is not on this device." })).toBeVisible();
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("log", { name: /Choir/ })).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByText("This chat is not on this device.")).toHaveCount(0);
});

test("PEOPLE B8: a declined chat has one mark", async ({ page, url }) => {
  await signIn(page, url);
  const row = page.getByRole("link", { name: "Allotment" });
  await row.click();
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByRole("button", { name: "Decline and leave" }).click();
  await expect(row).toContainText("Ended");
  await expect(row.locator(".badge")).toHaveCount(1);
});

test("PEOPLE B8: a locale that is no language tag breaks nothing", async ({ page, url, problems }) => {
  await page.addInitScript(() =>
    Object.defineProperty(navigator, "languages", { get: () => ["en-US@posix", "en-US@posix"] })
  );
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("article").first()).toBeVisible();
  expect(problems).toEqual([]);
});

test("PEOPLE B8: a browser that forbids site data is told so with L005", async ({ page, url, problems }) => {
  await page.addInitScript(() =>
    Object.defineProperty(globalThis, "localStorage", {
      get: () => {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    })
  );
  await page.goto(url);
  await expect(page.getByText("Let this site store data")).toContainText("L005");
  await expectWhole(page, "no site data");
  expect(problems).toEqual([]);
});

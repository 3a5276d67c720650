/** The own profile, and the names and pictures of people and groups. */

import { Buffer } from "node:buffer";
import type { Page } from "@playwright/test";
import { expect, expectWhole, password, signIn, test } from "./fixture.ts";

const dialog = (page: Page) => page.getByRole("dialog");
const settings = (page: Page) => page.getByRole("region", { name: "Settings" });

/** A photo of that size as a browser writes it. */
async function photo(page: Page, width: number, height: number): Promise<Buffer> {
  const url = await page.evaluate(([width, height]) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d")!;
    for (let x = 0; x < width; x += 8) {
      context.fillStyle = `hsl(${x} 60% 50%)`;
      context.fillRect(x, 0, 8, height);
    }
    return canvas.toDataURL("image/jpeg", 0.9);
  }, [width, height]);
  return Buffer.from(url.split(",")[1], "base64");
}

/** Signs in as an account whose people show names and pictures. */
async function signInWithFaces(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("faces");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
}

async function openSettings(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Settings" }).first().click();
}

for (const width of [360, 1440]) {
  test(`CONVERSATIONS: a profile is made, saved and taken away, ${width} px`, async ({ page, url, problems }) => {
    await page.setViewportSize({ width, height: 800 });
    // Colours are judged where they have come to rest.
    await page.emulateMedia({ reducedMotion: "reduce" });
    await signIn(page, url);
    await openSettings(page);
    await settings(page).getByRole("button", { name: "Edit profile" }).click();
    await expect(dialog(page).getByRole("textbox", { name: "Name" })).toBeFocused();
    await dialog(page).getByRole("textbox", { name: "Name" }).fill("Mara Olsen");
    await dialog(page).getByRole("textbox", { name: "About" }).fill("Mostly on trains");
    const chooser = page.waitForEvent("filechooser");
    await dialog(page).getByRole("button", { name: "Choose a picture" }).click();
    const buffer = await photo(page, 1600, 900);
    await (await chooser).setFiles({ name: "me.jpg", mimeType: "image/jpeg", buffer });
    await expect(dialog(page).locator("img")).toBeVisible();
    await expect(dialog(page).getByRole("button", { name: "Save" })).toBeEnabled();
    await expectWhole(page, "the own profile");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await expect(dialog(page)).toBeHidden();
    await expect(settings(page).getByText("Mara Olsen")).toBeVisible();
    await expect(settings(page).getByText("@mara")).toBeVisible();
    await expect(settings(page).getByText("Mostly on trains")).toBeVisible();
    const shown = settings(page).locator("img.avatar-picture");
    await expect(shown).toBeVisible();
    expect(await shown.evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight])).toEqual([512, 512]);
    await expectWhole(page, "settings with a profile");
    await settings(page).getByRole("button", { name: "Edit profile" }).click();
    await dialog(page).getByRole("button", { name: "Remove picture" }).click();
    await dialog(page).getByRole("textbox", { name: "Name" }).fill("");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await expect(dialog(page)).toBeHidden();
    await expect(shown).toBeHidden();
    await expect(settings(page).getByText("Mara Olsen")).toBeHidden();
    expect(problems).toEqual([]);
  });
}

test("CONVERSATIONS: what can not be a profile is refused in words, and nothing is lost", async ({ page, url }) => {
  await signIn(page, url);
  await openSettings(page);
  await settings(page).getByRole("button", { name: "Edit profile" }).click();
  const chooser = page.waitForEvent("filechooser");
  await dialog(page).getByRole("button", { name: "Choose a picture" }).click();
  const buffer = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
  await (await chooser).setFiles({ name: "me.png", mimeType: "image/png", buffer });
  await expect(dialog(page).getByText("This picture can not be used.")).toBeVisible();
  await dialog(page).getByRole("textbox", { name: "Name" }).fill("refused");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(dialog(page).getByText("This name or line can not be used.")).toBeVisible();
  await expect(dialog(page).getByRole("textbox", { name: "Name" })).toHaveValue("refused");
  await page.keyboard.press("Escape");
  await expect(dialog(page)).toBeHidden();
});

test("CONVERSATIONS: people have names and pictures, and two names where they are alike", async ({ page, url }) => {
  await signInWithFaces(page, url);
  const row = page.getByRole("link", { name: "Georg Imhof" });
  await expect(row.locator("img.avatar-picture")).toBeVisible();
  // Another person has taken a name that looks like his.
  await expect(page.getByRole("link", { name: /Bob Marsh.*@bob/ })).toBeVisible();
  await expect(page.getByRole("link", { name: /bob marsh.*@dora/ })).toBeVisible();
  await expectWhole(page, "a list with faces");
  await row.click();
  await expect(page.getByRole("heading", { name: "Georg Imhof", level: 1 })).toBeVisible();
  await expect(page.getByText("@georg").first()).toBeVisible();
  await page.getByRole("button", { name: "Chat details" }).click();
  const details = page.getByRole("region", { name: "Details" });
  await expect(details.getByText("Bees, mostly")).toBeVisible();
  await expectWhole(page, "the details of a person");
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(page.getByRole("article").getByText("Carol Imani").first()).toBeVisible();
  await expect(page.getByRole("article").getByText(/Bob Marsh.*@bob/).first()).toBeVisible();
});

test("CONVERSATIONS: an admin gives a group a picture and takes it away", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  await page.getByRole("button", { name: "Chat details" }).click();
  const details = page.getByRole("region", { name: "Details" });
  const chooser = page.waitForEvent("filechooser");
  await details.getByRole("button", { name: "Add a group picture" }).click();
  const buffer = await photo(page, 300, 700);
  await (await chooser).setFiles({ name: "us.jpg", mimeType: "image/jpeg", buffer });
  const shown = details.locator("img.avatar-picture");
  await expect(shown).toBeVisible();
  await expectWhole(page, "the details of a group with a picture");
  await details.getByRole("button", { name: "Remove the group’s picture" }).click();
  await expect(shown).toBeHidden();
  expect(problems).toEqual([]);
});

import { type Page } from "@playwright/test";
import { expect, expectWhole, password, signIn, test } from "./fixture.ts";
import { faultsOf } from "./page_checks.ts";

/** Signs in on a device whose chats have not come yet; `wake` brings them. */
async function signInLate(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("late");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText("Waiting for your 3 chats")).toBeVisible();
}

/** Holds back what the page does after 10 s, until the test calls `tenSecondsLater`: its checks may take longer. */
function holdTenSeconds(): void {
  const plain = globalThis.setTimeout;
  const held: (() => void)[] = [];
  const hold = (run: () => void, ms?: number) => ms === 10_000 ? held.push(run) : plain(run, ms);
  Object.assign(globalThis, { setTimeout: hold, tenSecondsLater: () => held.splice(0).forEach((run) => run()) });
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`PEOPLE B1: a new device says what it waits for, at ${width} px, ${colorScheme}`, async ({ page, url }) => {
      await page.addInitScript(holdTenSeconds);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 740 });
      await signInLate(page, url);
      await expect(page.getByText("that takes a few seconds")).toBeVisible();
      await expect(page.getByText("No chats yet")).toBeHidden();
      // On a phone the list is the whole page.
      const check = async (screen: string) =>
        width > 720 ? await expectWhole(page, screen) : expect(await faultsOf(page), screen).toEqual([]);
      await check("just signed in");
      await page.evaluate(() => (globalThis as unknown as { tenSecondsLater(): void }).tenSecondsLater());
      await expect(page.getByText("Nobody seems to be online who can add this device")).toBeVisible();
      await check("nobody has come");
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
      await expect(page.getByText("Waiting for your")).toBeHidden();
    });
  }
}

test("PEOPLE B1: a device without any chat to come says that there are none", async ({ page, url }) => {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("nobodyyet");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("No chats yet")).toBeVisible();
  await expect(page.getByText("Waiting for your")).toBeHidden();
});

test("PEOPLE B1: a chat of the account's other devices can not be declined here", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Book circle" }).click();
  await expect(page.getByText("Another device of yours is in this chat")).toBeVisible();
  await expect(page.getByRole("button", { name: "Decline" })).toBeHidden();
  await expectWhole(page, "an invitation that other devices know");
  await page.getByRole("button", { name: "Accept" }).click();
  await expect(page.getByText("Another device of yours is in this chat")).toBeHidden();
});

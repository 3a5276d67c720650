import { expect, signIn, test } from "./fixture.ts";

test("CONVERSATIONS: a reader who scrolls while a chat opens stays there", async ({ page, url, problems: _ }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, url);
  await page.getByRole("link", { name: "Choir" }).click();
  const log = page.getByRole("log", { name: /Choir/ });
  await expect(log.getByText("New", { exact: true })).toBeInViewport();
  await log.hover();
  for (let step = 0; step < 3; step++) await page.mouse.wheel(0, -600);
  await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeLessThan(300);
  // Rows that come into view are measured, and lead the list nowhere.
  await page.waitForTimeout(500);
  expect(await log.evaluate((element) => element.scrollTop)).toBeLessThan(300);
});

import { expect, expectWhole, password, signIn, test } from "./fixture.ts";

test("PEOPLE A6: a weak password is not taken, and the screen says why and what to do", async ({ page, url }) => {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  const field = page.getByRole("textbox", { name: "Password" });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await field.fill("password1234");
  await expect(page.getByRole("meter"), "who signs in is not judged").toHaveCount(0);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("alert")).toContainText("L003");
  await expect(field).toBeFocused();
  const meter = page.getByRole("meter", { name: "Strength of the password" });
  await expect(meter).toHaveAttribute("aria-valuetext", "Weak.");
  await expect(page.getByRole("status")).toContainText("Many people use this one or one like it.");
  await expectWhole(page, "a weak password");
  await field.fill("aaaabbbbaaaabbbb");
  await expect(page.getByRole("status")).toContainText("It repeats itself.");
  await field.fill("mara mara mara");
  await expect(page.getByRole("status")).toContainText("your username");
  await field.fill("four quite unrelated words");
  await expect(meter).toHaveAttribute("aria-valuetext", "Very strong.");
  await expect(page.getByRole("status")).toContainText("It is hard to guess.");
  await expect(page.getByRole("alert"), "what was said of another password").toHaveCount(0);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("dialog", { name: "Keep your recovery code" })).toBeVisible();
});

test("PEOPLE A6: a passphrase is offered, shown, and taken with one click", async ({ page, url }) => {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("button", { name: "Suggest a passphrase" }).click();
  const offered = page.getByRole("group", { name: "Suggested passphrase" }).getByRole("paragraph");
  await expect(offered).toHaveText(/^[a-z-]+( [a-z-]+){5}$/);
  const first = await offered.textContent();
  await page.getByRole("button", { name: "Another" }).click();
  await expect(offered).not.toHaveText(first!);
  await page.getByRole("button", { name: "Use this one" }).click();
  const field = page.getByRole("textbox", { name: "Password" });
  await expect(field).toHaveValue((await offered.textContent())!);
  await expect(field, "whoever has to note it can read it").toHaveAttribute("type", "text");
  await expect(page.getByRole("meter")).toHaveAttribute("aria-valuenow", "4");
  await expectWhole(page, "an offered passphrase");
  // Whoever asked for a new password has no account to sign in to.
  await field.press("Enter");
  await expect(page.getByRole("dialog", { name: "Keep your recovery code" })).toBeVisible();
});

test("PEOPLE A6: a changed password is judged while it is typed", async ({ page, url }) => {
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Change password" }).click();
  const dialog = page.getByRole("dialog", { name: "Change password" });
  await dialog.getByRole("textbox", { name: "Current password" }).fill(password);
  await dialog.getByRole("textbox", { name: "New password" }).fill("qwertyuiop12");
  await expect(dialog.getByRole("meter")).toHaveAttribute("aria-valuenow", "1");
  await expectWhole(page, "a new password that is weak");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("L003");
  await dialog.getByRole("button", { name: "Suggest a passphrase" }).click();
  await dialog.getByRole("button", { name: "Use this one" }).click();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your password is changed.")).toBeVisible();
});

test("PEOPLE A6: the sign-in screen loads nothing that a new password needs", async ({ page, url }) => {
  const scripts: string[] = [];
  page.on("request", (request) => scripts.push(new URL(request.url()).pathname));
  await page.goto(url);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
  const made = (path: string) => /new_password_help|password_strength/.test(path);
  expect(scripts.length).toBeGreaterThan(2);
  // The service worker's own requests are not the page's: Playwright tells them of no page.
  expect(scripts.filter(made)).toEqual([]);
});

test("PEOPLE A6: the help with a new password is there without a network", async ({ page, url, context }) => {
  await signIn(page, url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await context.setOffline(true);
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await page.getByRole("button", { name: "Suggest a passphrase" }).click();
  await page.getByRole("button", { name: "Use this one" }).click();
  await expect(page.getByRole("meter")).toHaveAttribute("aria-valuenow", "4");
});

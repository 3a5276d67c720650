import { expect, expectWhole, password, signIn, test } from "./fixture.ts";

test("a server that asks for an invitation gets its code, and the account is made", async ({ page, url, problems }) => {
  await page.goto(url);
  await expect(page.getByRole("textbox", { name: "Invite code" })).toHaveCount(0);
  await page.getByRole("textbox", { name: "Username" }).fill("invited");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("alert")).toContainText("E006");
  await expect(page.getByRole("textbox", { name: "Invite code" })).toBeFocused();
  await page.keyboard.type(" garden-gate ");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("dialog", { name: "Keep your recovery code" })).toBeVisible();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("No chats yet")).toBeVisible();
  expect(problems).toEqual([]);
});

test("a forgotten password is replaced with the recovery code, by keyboard", async ({ page, url, problems }) => {
  await page.goto(url);
  await page.getByRole("textbox", { name: "Username" }).fill("mara");
  await page.getByRole("button", { name: "Forgot your password?" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Username" })).toHaveValue("mara");
  const code = page.getByRole("textbox", { name: "Recovery code" });
  await expect(code).toBeFocused();
  await page.keyboard.type("7QJW-M3RT");
  await page.keyboard.press("Enter");
  await expect(code, "half a code is noticed here").toHaveAttribute("aria-invalid", "true");
  await code.fill("9999-M3RT-0KX9-ZB4F-A2HP-8VND-6EYC-T1GS-5");
  await page.keyboard.press("Tab");
  await page.keyboard.type("short");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("L003");
  await expect(page.getByRole("textbox", { name: "New password" })).toBeFocused();
  await page.getByRole("textbox", { name: "New password" }).fill("another long password");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("progressbar")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("L014");
  await expect(code).toBeFocused();
  await code.fill("7qjw m3rt 0kx9 zb4f a2hp 8vnd 6eyc t1gs 5");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Your new recovery code" });
  await expect(dialog.getByRole("group", { name: "Recovery code" })).toHaveText(/^2MKD(-.{4}){7}-K$/);
  await page.keyboard.press("Escape");
  await expect(dialog, "not dismissed by accident").toBeVisible();
  await page.getByRole("button", { name: "I wrote it down" }).click();
  await expect(page.getByRole("link", { name: "alice" })).toBeVisible();
  expect(problems).toEqual([]);
});

test("devices are listed, and another is removed with the password", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  const devices = page.getByRole("list", { name: "Devices" }).getByRole("listitem");
  await expect(devices).toHaveCount(3);
  await expect(devices.first()).toContainText("This device");
  await expect(devices.first().getByRole("button")).toHaveCount(0);
  await expect(devices.nth(1)).toContainText(/Last used yesterday \d\d:\d\d/);
  await expect(devices.nth(2)).toContainText("Not signed in");
  await page.getByRole("button", { name: "Remove device 93c0de55" }).click();
  const dialog = page.getByRole("dialog", { name: "Remove device 93c0de55?" });
  await expect(dialog).toContainText("signed out at once");
  await expect(dialog.getByRole("textbox", { name: "Current password" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("textbox"), "nothing is done without a password").toHaveAttribute(
    "aria-invalid",
    "true",
  );
  await page.keyboard.type("wrong password");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("The password is wrong.");
  await expect(dialog.getByRole("alert")).toContainText("L022");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(devices).toHaveCount(2);
  await expect(page.getByText("Device 93c0de55 was removed.")).toBeVisible();
  expect(problems).toEqual([]);
});

test("a new password ends other sessions, and the focus goes back", async ({ page, url, problems }) => {
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Change password" }).click();
  const dialog = page.getByRole("dialog", { name: "Change password" });
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Change password" })).toBeFocused();
  await page.keyboard.press("Enter");
  await dialog.getByRole("textbox", { name: "Current password" }).fill(password);
  await dialog.getByRole("textbox", { name: "New password" }).fill("short");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("L003");
  await dialog.getByRole("textbox", { name: "New password" }).fill("yet another password");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await expect(page.getByRole("list", { name: "Devices" }).getByRole("listitem").filter({ hasText: "Not signed in" }))
    .toHaveCount(2);
  await page.getByRole("button", { name: "Replace recovery code" }).click();
  await page.getByRole("textbox", { name: "Current password" }).fill("yet another password");
  await page.keyboard.press("Enter");
  await expect(
    page.getByRole("dialog", { name: "Your new recovery code" }).getByRole("group", { name: "Recovery code" }),
  ).toHaveText(/^2MKD/);
  await page.getByRole("button", { name: "I wrote it down" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(problems).toEqual([]);
});

test("a theme and a language are chosen, and hold when the app is opened again", async ({ page, url, problems }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("radio", { name: "System" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
  expect(await ground()).not.toBe(light);
  await page.reload();
  expect(await ground()).not.toBe(light);
  await signIn(page, url);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByText("Deutsch").click();
  await expect(page.getByRole("button", { name: "Konto anlegen" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  expect(problems).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`the screens of the account are whole at ${width} px, ${colorScheme}`, async ({ page, url, problems }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 740 });
      await page.goto(url);
      await page.getByRole("button", { name: "Forgot your password?" }).click();
      await page.getByRole("button", { name: "Set password and sign in" }).click();
      await expectWhole(page, "recovery");
      await signIn(page, url);
      await page.getByRole("button", { name: "Settings" }).click();
      await expect(page.getByRole("button", { name: "Remove device" })).toHaveCount(2);
      await expect(page.getByRole("button", { name: "Sign out" }), "one way out on each screen").toHaveCount(1);
      await expectWhole(page, "settings");
      await page.getByRole("button", { name: "Remove device" }).first().click();
      await page.keyboard.press("Enter");
      await expectWhole(page, "a password is asked for");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Replace recovery code" }).click();
      await page.getByRole("textbox", { name: "Current password" }).fill(password);
      await page.keyboard.press("Enter");
      await expect(page.getByRole("button", { name: "I wrote it down" })).toBeVisible();
      await expectWhole(page, "the recovery code");
      expect(problems).toEqual([]);
    });
  }
}

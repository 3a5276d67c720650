import { leftIn } from "./left_in_browser.ts";
import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";

test("a wrong password and an unknown user get the same sentence", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  await alice.createAccount();
  const visitor = await Person.open(browser, stack.url, "alice");
  await visitor.signIn("wrong horse battery staple");
  const alert = visitor.page.getByRole("alert");
  await expect(alert).toContainText("L022");
  const wrongPassword = await alert.innerText();
  await visitor.page.reload();
  await visitor.page.getByRole("textbox", { name: "Username" }).fill("nobody-here");
  await visitor.page.getByRole("textbox", { name: "Password" }).fill(password);
  await visitor.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(alert).toContainText("L022");
  expect(await alert.innerText()).toBe(wrongPassword);
  await visitor.page.reload();
  await visitor.signIn();
  await visitor.connected();
});

test("bad usernames and passwords are refused with sentences and codes", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  await alice.createAccount();
  const visitor = await Person.open(browser, stack.url, "alice");
  const attempt = async (username: string, word: string) => {
    await visitor.page.getByRole("textbox", { name: "Username" }).fill(username);
    await visitor.page.getByRole("textbox", { name: "Password" }).fill(word);
    await visitor.page.getByRole("button", { name: "Create account" }).click();
    return visitor.page.getByRole("alert");
  };
  await expect(await attempt("alice", password)).toContainText("E007");
  await expect(await attempt("bob", "short")).toContainText("L003");
  await expect(await attempt("No Name!", password)).toContainText("L021");
  await expect(visitor.page.getByRole("textbox", { name: "Username" })).toHaveAttribute("aria-invalid", "true");
});

test("a reminder of an unconfirmed recovery code stays until the user has one", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const { page } = alice;
  await page.getByRole("textbox", { name: "Username" }).fill("alice");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("button", { name: "Continue" })).toBeVisible();
  const reminder = page.getByRole("alert").filter({ hasText: "Your recovery code was not confirmed" });
  await expect(reminder).toHaveCount(0);
  await page.reload();
  await expect(reminder).toBeVisible();
  await reminder.getByRole("button", { name: "Make a new one" }).click();
  await page.getByRole("button", { name: "Replace recovery code" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill(password);
  await page.getByRole("dialog").getByRole("button", { name: "Make new code" }).click();
  await expect(page.getByRole("group", { name: "Recovery code" })).toBeVisible();
  await page.reload();
  await expect(reminder, "the new one was not confirmed either").toBeVisible();
  await reminder.getByRole("button", { name: "I have it" }).click();
  await expect(reminder).toHaveCount(0);
  await page.reload();
  await alice.connected();
  await expect(reminder).toHaveCount(0);
});

test("signing out ends the session and leaves nothing of the account in the browser", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  await alice.createAccount();
  await alice.page.getByRole("button", { name: "Settings" }).click();
  await alice.page.getByRole("button", { name: "Sign out" }).click();
  await alice.page.getByRole("button", { name: "Sign out of this device" }).click();
  await expect(alice.page.getByRole("button", { name: "Create account" })).toBeVisible();
  await alice.page.reload();
  await expect(alice.page.getByRole("button", { name: "Create account" })).toBeVisible();
  expect((await leftIn(alice.page)).records).toBe(0);
});

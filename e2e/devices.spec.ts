/** The account's own matters through the real stack: devices, password, recovery, safety numbers. */

import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";

const nextPassword = "another battery staple horse";
const lastPassword = "a third battery staple horse";

/** A text is shown in the conversation, once. */
async function hears(person: Person, title: string, text: string): Promise<void> {
  await expect(person.message(title, text)).toHaveCount(1);
}

async function digitsShown(person: Person, other: string): Promise<string> {
  await person.page.getByRole("button", { name: "Chat details" }).click();
  await person.page.getByRole("button", { name: `Verify ${other}` }).click();
  const digits = await person.page.getByRole("group", { name: "Safety number" }).innerText();
  return digits.replace(/\s/g, "");
}

test("two devices: messages, revoking, password, recovery, safety numbers", async ({ browser, stack }) => {
  const first = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await first.page.getByRole("textbox", { name: "Username" }).fill("alice");
  await first.page.getByRole("textbox", { name: "Password" }).fill(password);
  await first.page.getByRole("button", { name: "Create account" }).click();
  const recoveryCode = await first.page.getByRole("group", { name: "Recovery code" }).innerText();
  await first.page.getByRole("button", { name: "Continue" }).click();
  await first.connected();
  await bob.createAccount();
  const second = await Person.open(browser, stack.url, "alice");
  await second.signIn();
  await second.connected();

  await test.step("both devices see what either sends", async () => {
    await first.startChat(["bob"]);
    await first.send("from the first device");
    await bob.openChat("alice");
    await hears(bob, "alice", "from the first device");
    await second.openChat("bob");
    await hears(second, "bob", "from the first device");
    await bob.send("to both of you");
    for (const device of [first, second]) await hears(device, "bob", "to both of you");
    await second.send("from the second device");
    await hears(first, "bob", "from the second device");
    await hears(bob, "alice", "from the second device");
    await first.send("and from the first again");
    await hears(second, "bob", "and from the first again");
  });

  await test.step("safety numbers are the same on both sides, and a mark is shown in the header", async () => {
    const ours = await digitsShown(first, "bob");
    expect(ours).toMatch(/^\d{60}$/);
    expect(await digitsShown(bob, "alice")).toBe(ours);
    await first.page.getByRole("button", { name: "Mark as verified" }).click();
    await expect(first.page.getByText("You have verified bob")).toBeVisible();
    for (const person of [first, bob]) {
      await person.page.getByRole("button", { name: "Close", exact: true }).click();
      await person.page.getByRole("button", { name: "Close details" }).click();
    }
    await expect(first.page.getByRole("img", { name: "Verified" })).toBeVisible();
    await expect(bob.page.getByRole("img", { name: "Verified" })).toHaveCount(0);
  });

  await test.step("a revoked device is signed out, and out of the group", async () => {
    await first.page.getByRole("button", { name: "Settings" }).click();
    const devices = first.page.getByRole("list", { name: "Devices" }).getByRole("listitem");
    await expect(devices).toHaveCount(2);
    await expect(devices.first()).toContainText("This device");
    await first.page.getByRole("button", { name: "Remove device" }).click();
    await first.page.getByRole("textbox", { name: "Current password" }).fill(password);
    await first.page.getByRole("dialog").getByRole("button", { name: "Remove device" }).click();
    await expect(devices).toHaveCount(1);
    await expect(second.page.getByText("This device is no longer signed in as alice.")).toBeVisible();
    await expect(bob.log("alice")).toContainText("A device of alice was removed");
  });

  await test.step("the password is changed: the old one is refused", async () => {
    await first.page.getByRole("button", { name: "Change password" }).click();
    await first.page.getByRole("textbox", { name: "Current password" }).fill(password);
    await first.page.getByRole("textbox", { name: "New password" }).fill(nextPassword);
    await first.page.getByRole("dialog").getByRole("button", { name: "Change password" }).click();
    await expect(first.page.getByText("Your password is changed.")).toBeVisible();
    await second.page.getByRole("textbox", { name: "Password" }).fill(password);
    await second.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(second.page.getByRole("alert").filter({ hasText: "L022" })).toBeVisible();
    await second.close();
  });

  await test.step("a third device comes in with the recovery code, which is void afterwards", async () => {
    const third = await Person.open(browser, stack.url, "alice");
    await third.page.getByRole("textbox", { name: "Username" }).fill("alice");
    await third.page.getByRole("button", { name: "Forgot your password?" }).click();
    await third.page.getByRole("textbox", { name: "Recovery code" }).fill(recoveryCode.toLowerCase());
    await third.page.getByRole("textbox", { name: "New password" }).fill(lastPassword);
    await third.page.getByRole("button", { name: "Set password and sign in" }).click();
    const shown = third.page.getByRole("dialog", { name: "Your new recovery code" }).getByRole("group", {
      name: "Recovery code",
    });
    await expect(shown).toHaveText(/^.{4}(-.{4}){7}-.$/);
    expect(await shown.innerText()).not.toBe(recoveryCode);
    await third.page.getByRole("button", { name: "I wrote it down" }).click();
    await third.connected();
    // The first device's session ended with the password: it comes back with the new one and goes on as it was.
    await expect(first.page.getByText("This device is no longer signed in as alice.")).toBeVisible();
    await first.page.getByRole("textbox", { name: "Password" }).fill(lastPassword);
    await first.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await first.connected();
    // Coming back it finds the new device in its account's list, and brings it into the conversation.
    await third.openChat("bob");
    await bob.send("to the third as well");
    await hears(third, "bob", "to the third as well");
    await third.send("from the third device");
    await hears(bob, "alice", "from the third device");
    expect(third.problems).toEqual([]);
  });
  for (const person of [first, bob]) expect(person.problems).toEqual([]);
});

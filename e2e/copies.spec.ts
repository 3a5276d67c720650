import { password, Person } from "./person.ts";
import { expect, test } from "./stack.ts";

test("PEOPLE B3: a page that is loaded anew is no copy, and what it sends arrives", async ({ browser, stack }) => {
  const [alice, bob] = [await Person.open(browser, stack.url, "alice"), await Person.open(browser, stack.url, "bob")];
  await alice.createAccount();
  await bob.createAccount();
  await alice.startChat(["bob"]);
  await bob.openChat("alice");
  const texts: string[] = [];
  for (let round = 0; round < 5; round++) {
    // As a user reloads, and as a page that crashes: Chromium tells the server of the first alone.
    if (round % 2 === 0) await alice.page.reload();
    else {
      const page = await alice.context.newPage();
      alice.watch(page);
      await alice.page.close({ runBeforeUnload: false });
      alice.page = page;
      await page.goto(stack.url);
    }
    await alice.connected();
    await alice.openChat("bob");
    texts.push(`round ${round}`);
    await alice.send(`round ${round}`);
    await alice.saved("bob", `round ${round}`);
  }
  await bob.expectTexts("alice", /round \d/, texts);
  for (const [person, title] of [[alice, "bob"], [bob, "alice"]] as const) {
    await expect(person.log(title)).not.toContainText(/put back|no longer fits/);
    expect(person.problems).toEqual([]);
  }
});

test("PEOPLE B5: a tab that says that its device was removed knows it again", async ({ browser, stack }) => {
  const first = await Person.open(browser, stack.url, "alice");
  await first.createAccount();
  const second = await Person.open(browser, stack.url, "alice");
  await second.signIn();
  await second.connected();
  // The tab closes in the moment in which it says so.
  const told = second.page.getByText("This device is no longer signed in as alice.").waitFor()
    .then(() => second.page.close({ runBeforeUnload: false }));
  await first.page.getByRole("button", { name: "Settings" }).click();
  await first.page.getByRole("button", { name: "Remove device" }).click();
  const dialog = first.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Current password" }).fill(password);
  await dialog.getByRole("button", { name: "Remove device" }).click();
  await told;
  // It asks no server for it.
  second.page = await second.context.newPage();
  await second.context.route("**/.well-known/quicproquo.json", (route) => route.abort());
  await second.page.goto(stack.url);
  await expect(second.page.getByText("This device is no longer signed in as alice.")).toBeVisible();
});

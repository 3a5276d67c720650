import AxeBuilder from "@axe-core/playwright";
import { Person } from "./person.ts";
import { expect, test } from "./stack.ts";

const sizes = [{ width: 360, height: 740 }, { width: 1440, height: 900 }];

test("every screen fits 360 px and 1440 px, works by keyboard, and axe finds no fault", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const bob = await Person.open(browser, stack.url, "bob");
  await bob.createAccount();
  const isGood = async () => {
    for (const size of sizes) {
      await alice.page.setViewportSize(size);
      const overflow = () =>
        alice.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await expect.poll(overflow, { message: `${size.width} px` }).toBeLessThanOrEqual(0);
    }
    for (const colorScheme of ["light", "dark"] as const) {
      await alice.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // A row of the chat list is named by its title and described by its preview, so that no name holds what
      // was said in a chat: the one rule we differ from. Without frames axe may run in the page alone ("legacy
      // mode"), which takes half as long.
      const { violations } = await new AxeBuilder({ page: alice.page }).disableRules("label-content-name-mismatch")
        .setLegacyMode().analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    }
  };
  await isGood();
  await alice.createAccount();
  await isGood();
  await alice.page.getByRole("button", { name: "New chat" }).click();
  await isGood();
  await alice.page.getByRole("textbox", { name: "Find people" }).fill("bob");
  await expect(alice.page.getByRole("option", { name: "bob" })).toBeVisible();
  await isGood();
  await alice.page.getByRole("option", { name: "bob" }).focus();
  await alice.page.keyboard.press("Enter");
  await alice.page.getByRole("button", { name: "Start chat" }).focus();
  await alice.page.keyboard.press("Enter");
  await expect(alice.log("bob")).toBeVisible();
  await alice.page.getByRole("textbox", { name: "Message" }).focus();
  await alice.page.keyboard.type(`a long word ${"x".repeat(300)}`);
  await alice.page.keyboard.press("Enter");
  await expect(alice.message("bob", "a long word")).toHaveCount(1);
  await alice.allSent("bob", /a long word/);
  await isGood();
  expect(alice.problems).toEqual([]);
});

test("the page asks no other origin and keeps its security policy", async ({ browser, stack }) => {
  const alice = await Person.open(browser, stack.url, "alice");
  const foreign: string[] = [];
  alice.context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== stack.url && protocol.startsWith("http")) foreign.push(request.url());
  });
  await alice.page.addInitScript(() => {
    document.addEventListener(
      "securitypolicyviolation",
      (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await alice.page.reload();
  await alice.createAccount();
  expect(foreign).toEqual([]);
  expect(alice.problems).toEqual([]);
  const response = await alice.page.request.get(stack.url);
  const policy = response.headers()["content-security-policy"];
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).toContain("require-trusted-types-for 'script'");
});

import { expect, test } from "./fixture.ts";

test("a press under which a button moves is no click, and is made again, once", async ({ page }) => {
  await page.setContent(`<main style="height: 400px"><button style="position: absolute; top: 20px">One</button></main>
    <output></output>`);
  await page.evaluate(() => {
    const button = document.querySelector("button")!;
    let clicks = 0;
    // As a row that comes late pushes it away, between the press and the release.
    button.addEventListener("mousedown", () => button.style.top = "200px", { once: true });
    button.addEventListener("click", () => document.querySelector("output")!.textContent = String(++clicks));
  });
  await page.getByRole("button", { name: "One" }).click();
  await expect(page.getByRole("status")).toHaveText("1");
  await page.getByRole("button", { name: "One" }).click();
  await expect(page.getByRole("status")).toHaveText("2");
});

test("what is gone with the press is not looked for", async ({ page }) => {
  await page.setContent("<ul><li role=option tabindex=0>One</li></ul>");
  await page.evaluate(() => {
    const option = document.querySelector("li")!;
    option.addEventListener("mousedown", () => option.remove());
  });
  await page.getByRole("option", { name: "One" }).click();
  await expect(page.getByRole("option")).toHaveCount(0);
});

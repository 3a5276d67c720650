/** What fingers do, by touches of the browser itself: the page gets the pointer events that a phone would make. */

import type { Locator, Page } from "@playwright/test";
import { expect, signIn, test } from "./fixture.ts";

test.use({ hasTouch: true, viewport: { width: 360, height: 740 } });

type Point = { x: number; y: number };

/** Of what is at rest, and not below something else. */
async function middleOf(locator: Locator): Promise<Point> {
  await locator.click({ trial: true });
  const { x, y, width, height } = (await locator.boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
}

type Fingers = (ways: [Point, Point][], more?: { holdMs?: number; times?: number }) => Promise<void>;

/**
 * @returns moves fingers along their ways, in some steps; `holdMs` passes before they are lifted, and all is done so
 *   many `times`. What belongs together is sent together: on a busy machine, pauses would make other gestures of it
 */
async function fingers(page: Page): Promise<Fingers> {
  const session = await page.context().newCDPSession(page);
  const steps = 8;
  return async (ways, { holdMs = 0, times = 1 } = {}) => {
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", step?: number) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: step === undefined ? [] : ways.map(([from, to], id) => ({
          id,
          x: from.x + (to.x - from.x) * step / steps,
          y: from.y + (to.y - from.y) * step / steps,
        })),
      });
    const sent: Promise<unknown>[] = [];
    for (let time = 0; time < times; time++) {
      sent.push(touch("touchStart", 0));
      for (let step = 1; step <= steps; step++) sent.push(touch("touchMove", step));
      if (holdMs > 0) await page.waitForTimeout(holdMs);
      sent.push(touch("touchEnd"));
    }
    await Promise.all(sent);
  };
}

const by = ({ x, y }: Point, dx: number, dy: number): [Point, Point] => [{ x, y }, { x: x + dx, y: y + dy }];

test("CONVERSATIONS: a swipe over a message answers it, a short one does not", async ({ page, url, problems: _ }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  const bubble = page.getByRole("article").filter({ hasText: "So nobody but us holds the keys?" }).locator(".bubble");
  const swipe = await fingers(page);
  const cancel = page.getByRole("button", { name: "Cancel", exact: true });
  await swipe([by(await middleOf(bubble), 30, 2)]);
  await swipe([by(await middleOf(bubble), -80, 2)]);
  await expect(cancel).toHaveCount(0);
  await swipe([by(await middleOf(bubble), 80, 4)]);
  await expect(cancel).toBeVisible();
  await expect(bubble).not.toHaveAttribute("style");
});

test("CONVERSATIONS: a long press opens a menu of a message, a scroll none", async ({ page, url, problems: _ }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "alice" }).click();
  const bubble = page.getByRole("article").filter({ hasText: "So nobody but us holds the keys?" }).locator(".bubble");
  const press = await fingers(page);
  const at = await middleOf(bubble);
  await press([by(at, 0, 60)], { holdMs: 700 });
  await expect(page.getByRole("menu")).toHaveCount(0);
  await press([by(await middleOf(bubble), 0, 0)], { holdMs: 700 });
  await expect(page.getByRole("menu")).toBeVisible();
  await expect(page.getByRole("menuitem", { name: "Reply" })).toBeVisible();
});

test("CONVERSATIONS: the viewer knows two fingers, a double tap, and swipes", async ({ page, url, problems: _ }) => {
  await signIn(page, url);
  await page.getByRole("link", { name: "Lake weekend" }).click();
  await page.getByRole("button", { name: "Open jetty.jpg" }).click();
  const viewer = page.getByRole("dialog");
  await expect(viewer.getByRole("img", { name: "jetty.jpg" })).toBeVisible();
  const picture = viewer.locator(".viewed-picture");
  const move = await fingers(page);
  const { x, y } = await middleOf(picture);
  await move([[{ x: x - 30, y }, { x: x - 90, y }], [{ x: x + 30, y }, { x: x + 90, y }]]);
  await expect(picture).toHaveAttribute("style", /scale\((2\.[5-9]|3)/);
  // A picture that is zoomed is moved by one finger, which leads to no other one.
  await move([by({ x, y }, -120, 0)]);
  await expect(viewer.getByRole("img", { name: "jetty.jpg" })).toBeVisible();
  await move([by({ x, y }, 0, 0)], { times: 2 });
  await expect(picture).not.toHaveAttribute("style");
  await move([by({ x, y }, -120, 5)]);
  await expect(viewer.getByRole("img", { name: "boat.jpg" })).toBeVisible();
  await move([by({ x, y }, 120, 5)]);
  await expect(viewer.getByRole("img", { name: "jetty.jpg" })).toBeVisible();
  await move([by({ x, y }, 0, 200)]);
  await expect(viewer).toHaveCount(0);
});

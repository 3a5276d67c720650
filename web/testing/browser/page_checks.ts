/** Checks that must hold on every screen, made in the live document. */

import type { Page } from "@playwright/test";

/**
 * @returns controls without a name or too small for a finger, elements with inline styles or handlers, text
 *   with too little contrast; empty on a good screen
 */
export async function faultsOf(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const faults: string[] = [];
    const where = (element: Element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
    const visible = (element: Element) =>
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });

    for (const element of document.querySelectorAll("*")) {
      // The list of a conversation places its rows.
      const isPlaced = element.parentElement?.closest("[role=log]") && element.getAttribute("class") === null;
      if (element.hasAttribute("style") && !isPlaced) faults.push(`inline style: ${where(element)}`);
      for (const { name } of element.attributes) if (/^on/.test(name)) faults.push(`inline handler: ${where(element)}`);
    }
    for (
      const element of document.querySelectorAll<HTMLElement>("button, a[href], input, textarea, [role=log], dialog")
    ) {
      if (!visible(element) || element.closest("[aria-hidden=true]")) continue;
      const labelled = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : "";
      if (!(element.getAttribute("aria-label") || labelled || element.textContent || "").trim()) {
        faults.push(`no name: ${where(element)}`);
      }
    }
    /** What a finger meets: also the label around a field, and what a pseudo-element adds around a small button. */
    const targetOf = (element: Element) => {
      const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
      const around = getComputedStyle(element, "::before");
      if (around.content === "none" || around.position !== "absolute") return { width, height };
      const added = (...sides: string[]) => sides.reduce((sum, side) => sum - (Number.parseFloat(side) || 0), 0);
      return {
        width: width + Math.max(0, added(around.left, around.right)),
        height: height + Math.max(0, added(around.top, around.bottom)),
      };
    };
    // WCAG 2.2 §2.5.5: 44 px. Links within text are exempt.
    for (
      const element of document.querySelectorAll<HTMLElement>(
        "button, a[href], input:not(.visually-hidden), label.choice-option",
      )
    ) {
      const { width, height } = targetOf(element);
      if (visible(element) && !element.closest(".message-text") && Math.min(width, height) < 43.9) {
        faults.push(`small target ${width.toFixed(1)} x ${height.toFixed(1)}: ${where(element)}`);
      }
    }

    // WCAG 2.2 §1.4.3: 4.5:1. Colours are drawn and read back, whatever their notation.
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
    const known = new Map<string, number[]>();
    const channels = (colour: string, under: number[]) => {
      const key = `${colour} ${under}`;
      const drawn = known.get(key) ?? draw(colour, under);
      known.set(key, drawn);
      return drawn;
    };
    const draw = (colour: string, under: number[]) => {
      canvas.fillStyle = `rgb(${under.join(" ")})`;
      canvas.fillRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (rgb: number[]) => {
      const [r, g, b] = rgb.map((
        value,
      ) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundOf = (
      element: Element | null,
    ): number[] => (element
      ? channels(getComputedStyle(element).backgroundColor, groundOf(element.parentElement))
      : [255, 255, 255]);
    const modal = document.querySelector("dialog[open]");
    const walker = document.createTreeWalker(modal ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!;
      if (!node.textContent?.trim() || !visible(element) || element.closest(":disabled, .visually-hidden, noscript")) {
        continue;
      }
      const ground = groundOf(element);
      const [a, b] = [luminance(ground), luminance(channels(getComputedStyle(element).color, ground))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) {
        faults.push(`contrast ${ratio.toFixed(2)}: ${where(element)} "${node.textContent.trim().slice(0, 20)}"`);
      }
    }
    if (document.documentElement.scrollWidth > innerWidth) {
      faults.push(`wider than the screen: ${document.documentElement.scrollWidth} > ${innerWidth}`);
    }
    return [...new Set(faults)];
  });
}

/** How tests and measurements start Chromium. */

import { findProgram } from "../install.mjs";

/** QUIC stays on: WebTransport needs it. */
const args = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** The browser that people use. */
export const fullChromium = { executablePath: findProgram("chromium"), args };

/**
 * The same engine without a window to draw, as Playwright uses it by itself. It has all that the app needs
 * (WebTransport, service worker, installing), and takes a quarter to nearly half less CPU time
 * (docs/decisions/026-tools.md).
 */
export const headlessShell = { executablePath: findProgram("chromium-headless-shell"), args };

/** Waits for the engine's own verdict about a service. */

import { expect } from "@playwright/test";
import { inspect } from "./compose.ts";

/** A start takes seconds, and minutes where other tests take the machine. */
const longestMs = 240_000;

/** Waits for the engine's own verdict, which its health checks give. */
export async function healthy(service: string): Promise<void> {
  await expect.poll(() => inspect(service).State.Health?.Status, { timeout: longestMs }).toBe("healthy");
}

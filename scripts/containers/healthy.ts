/** Waits for the engine's own verdict about a service. */

import { expect } from "@playwright/test";
import { inspect } from "./compose.ts";

/** Waits for the engine's own verdict, which its health checks give. */
export async function healthy(service: string): Promise<void> {
  await expect.poll(() => inspect(service).State.Health?.Status, { timeout: 60_000 }).toBe("healthy");
}

/** Refusals of requests as plain text, with a wait where waiting helps. */

import { textResponse } from "../server-common/text_response.ts";

/** @param retryAfterMs rounded up to whole seconds for the `Retry-After` header */
export function refusal(status: number, message: string, retryAfterMs?: number): Response {
  const wait = retryAfterMs === undefined
    ? undefined
    : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  return textResponse(status, message, wait);
}

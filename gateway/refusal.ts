/** Answers that turn a request away, in plain words; with the wait that helps, where one does. */

/** @param retryAfterMs rounded up to whole seconds for the `Retry-After` header */
export function refusal(status: number, message: string, retryAfterMs?: number): Response {
  const headers = new Headers({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  if (retryAfterMs !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return new Response(`${message}\n`, { status, headers });
}

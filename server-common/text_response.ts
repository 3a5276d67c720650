/** Short HTTP answers of known length, which are not cached. */

/**
 * @param text gets a line feed at its end when it has none
 * @param headers besides length, type (`text/plain` unless given here) and `cache-control: no-store`
 */
export function textResponse(status: number, text: string, headers: Record<string, string> = {}): Response {
  const body = new TextEncoder().encode(text.endsWith("\n") ? text : `${text}\n`);
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "content-length": String(body.length),
      ...headers,
    },
  });
}

/**
 * `POST /rpc`: one call over HTTPS, for browsers and networks without WebTransport. Body and answer have the
 * bytes of a call's stream.
 */
import type { HttpRequest } from "../server-common/http_exchange.ts";
import type { CallRouter } from "./calls.ts";
import type { Metrics } from "./metrics.ts";
import { refusal } from "./refusal.ts";

/** Whose pages may call. */
export interface CallerOrigins {
  isOwn(origin: string): boolean;
  /** what is said to others: the own origins, and which settings change them */
  expected: string;
  advice: string;
}

/** Advice to a caller with too many calls in progress: calls end by themselves. */
const busyMs = 1_000;
/** Advice to a caller while the core can not be reached: it returns within seconds. */
const coreAwayMs = 2_000;

/**
 * @param request a POST
 * @param client its address
 * @param origins only the gateway's own pages may call: others get 403
 * @param maxBytes of the body
 * @returns 200 and the streamed answer; 403, 413, or with `Retry-After` 429 or 503
 */
export async function answerRpc(
  request: HttpRequest,
  client: Deno.NetAddr,
  calls: CallRouter,
  origins: CallerOrigins,
  maxBytes: number,
  metrics: Metrics,
): Promise<Response> {
  if (!origins.isOwn(request.headers.get("origin") ?? "")) {
    metrics.refuse("origin");
    return refusal(403, `only pages of this gateway may call: ${origins.expected}\n${origins.advice}`);
  }
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) {
    metrics.refuse("bytesPerCall");
    return refusal(413, "call too large");
  }
  const call = await calls.accept(client);
  if (call === "tooMany") return refusal(429, "too many calls under way", busyMs);
  if (call === "unavailable") return refusal(503, "the core is not reachable", coreAwayMs);
  const answer = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  call.carry({ readable: request.body, writable: answer.writable as WritableStream<Uint8Array> });
  return new Response(answer.readable, {
    headers: {
      "content-type": "application/octet-stream",
      "cache-control": "no-store, no-transform",
      // nginx collects an answer before it sends it on, and that of a subscription has no end (ngx_http_proxy_module).
      "x-accel-buffering": "no",
    },
  });
}

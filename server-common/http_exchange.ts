/**
 * One HTTP request and its answer, between Node's server API and web streams. Bodies keep their flow control
 * in both directions: an unread body stops its sender, an unread answer stops its source.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from "node:http2";
import { readTarget } from "./http_target.ts";

/** A request in the form of the server's handler. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Normalised. The client chose its host, which means nothing until it is compared with the server's own. */
  readonly url: URL;
  readonly headers: Headers;
  /** Empty for a request without a body. Nothing is read from the client before the handler reads. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The other end of the TCP connection. */
  readonly peer: Deno.NetAddr;
}

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** A client has taken nothing of an answer for so long, in ms. */
const unreadMs = 1_000;
/**
 * How long a connection stays open after a complete answer while its client is still sending. So the client
 * reads the answer before it learns that the rest of its body is not read.
 */
const lingerMs = 1_000;

/** What a client may do that takes nothing of its answer. */
export interface Taking {
  /** how long, in ms */
  stallMs: number;
  /**
   * Counts an answer of which nothing was taken for {@link unreadMs}.
   *
   * @param lose called when another one needs the place
   * @returns gives the place back
   */
  takePlace(lose: () => void): () => void;
}

/** What limits of a request's sender need to know. */
export interface HttpSender {
  /** The other end of the TCP connection. */
  readonly peer: Deno.NetAddr;
  /** @returns the value of a header by its name in lower case; null where it is missing */
  header(name: string): string | null;
  /** As in {@link HttpRequest}; undefined for a request that is malformed, see {@link readTarget}. */
  readonly url: URL | undefined;
}

/** @param scheme `http` or `https` */
export function readSender(request: NodeRequest, scheme: string): HttpSender {
  const { remoteAddress = "", remotePort = 0 } = request.socket ?? {};
  return {
    peer: { transport: "tcp", hostname: remoteAddress, port: remotePort },
    header: (name) => request.headers[name] === undefined ? null : String(request.headers[name]),
    url: readTarget({ target: request.url ?? "", hosts: hostsOf(request), scheme }),
  };
}

/**
 * @param onRead called when the handler begins to read the body
 * @returns the request; undefined when it is malformed
 */
export function readRequest(
  request: NodeRequest,
  { peer, url }: HttpSender,
  onRead?: () => void,
): HttpRequest | undefined {
  if (!url) return undefined;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !name.startsWith(":")) headers.set(name, String(value));
  }
  return { method: request.method ?? "GET", url, headers, body: bodyOf(request, onRead), peer };
}

/** HTTP/2 names the host in a pseudo-header, and may repeat it. */
function hostsOf({ rawHeaders }: NodeRequest): string[] {
  const isHost = (name: string) => /^(?:host|:authority)$/i.test(name);
  return rawHeaders.filter((_value, index) => index % 2 === 1 && isHost(rawHeaders[index - 1]));
}

function bodyOf(request: NodeRequest, onRead?: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  let pieces: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      if (!pieces) onRead?.();
      // The answer continues when its handler reads no more of the body.
      pieces ??= request.iterator({ destroyOnReturn: false });
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      request.pause();
    },
  }, { highWaterMark: 0 });
}

/**
 * Sends an answer to its end. A client that disconnects cancels the answer's body. A failing body cuts the
 * answer off. Never rejects.
 *
 * @param taking how long the client may take nothing of it; then it is cut off
 */
export async function writeResponse(
  answer: Response,
  request: NodeRequest,
  response: NodeResponse,
  taking: Taking,
): Promise<void> {
  const { status, headers, body } = answer;
  const reader = body?.getReader();
  const cancel = () => void reader?.cancel(new Error("the client is gone")).catch(() => {});
  if (isOver(response)) return cancel();
  response.once("close", cancel);
  try {
    (response as ServerResponse).writeHead(status, Object.fromEntries(headers));
    const announced = headers.get("content-length");
    const length = announced === null ? undefined : Number(announced);
    if (reader && request.method !== "HEAD") {
      // The answer of a subscription begins long before its first piece.
      whenSent(request, () => response.destroyed || (response as ServerResponse).flushHeaders?.());
      await pump(reader, response as ServerResponse, length, taking);
    } else cancel();
    response.end();
  } catch {
    cancel();
    cutOff(response);
  }
}

/**
 * Calls back when the client has sent its request. Proxies that get the head of an answer before they have passed
 * the request on lose a piece of its body (Caddy 2.6: golang/go issue 15527) or the answer (nginx 1.22 without
 * `proxy_request_buffering`).
 */
function whenSent(request: NodeRequest, then: () => void): void {
  const hasNoBody = "stream" in request
    ? request.stream.endAfterHeaders
    : request.headers["transfer-encoding"] === undefined && Number(request.headers["content-length"] ?? 0) === 0;
  if (request.complete || hasNoBody) then();
  else request.once("end", then);
}

/** Whether the client left before there was an answer. The request itself is destroyed once it is read. */
function isOver(response: NodeResponse): boolean {
  return "stream" in response ? response.stream.destroyed : response.destroyed;
}

/**
 * @param length as announced: other bytes would be read as part of the next answer
 * @throws when the body has another length, or the client takes nothing for too long
 */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  response: ServerResponse,
  length: number | undefined,
  taking: Taking,
): Promise<void> {
  let sent = 0;
  let isLastWritten: Promise<void> | undefined;
  while (true) {
    const { value, done } = await reader.read();
    if (done && length !== undefined && sent < length) throw new Error("the body is shorter than announced");
    // Node ends an answer of known length by a write of no bytes. Deno 2.9.6 sometimes loses the end of such a
    // write behind another one on a TLS connection. Then the next request would wait for ever.
    if (done) return await (isLastWritten && within(taking, isLastWritten));
    sent += value.length;
    if (length !== undefined && sent > length) throw new Error("the body is longer than announced");
    const { promise, resolve } = Promise.withResolvers<void>();
    isLastWritten = promise;
    if (!response.write(value, () => resolve())) await within(taking, roomIn(response));
  }
}

/** @throws when it takes longer, or others need its place */
async function within({ stallMs, takePlace }: Taking, written: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const end = () => late.reject(new Error("the client takes nothing"));
  let givePlace = () => {};
  const timers = [setTimeout(end, stallMs), setTimeout(() => givePlace = takePlace(end), Math.min(unreadMs, stallMs))];
  await Promise.race([written, late.promise]).finally(() => {
    for (const timer of timers) clearTimeout(timer);
    givePlace();
  });
}

/** Resolves when the client has read the written bytes, or is gone. */
function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** Ends an answer so that its client notices that it is incomplete. */
export function cutOff(response: NodeResponse): void {
  if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** Ends the upload of a client whose answer is complete. */
export function endUnreadBody(request: NodeRequest, response: NodeResponse): void {
  if (request.complete || request.destroyed) return;
  if ("stream" in response) return response.stream.close(constants.NGHTTP2_NO_ERROR);
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  request.once("end", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Deno 2.9.6 frees a session that is destroyed while it reads a frame, such as a GOAWAY or one that breaks the
 * protocol. Then the process ends with a segmentation fault. So the session is destroyed after the frame.
 */
export function destroyLater(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (...reason: Parameters<typeof destroy>) => void setTimeout(() => destroy(...reason), 0);
}

/** Ends the connection of a request, and with it all requests that came on it. */
export function endConnection(request: NodeRequest): void {
  if ("stream" in request) request.stream.session?.destroy();
  else request.socket.destroy();
}

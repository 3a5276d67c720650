/**
 * An HTTP server on `node:http` or, with a certificate, on `node:http2` (HTTP/2, and HTTP/1.1 for clients
 * without it).
 *
 * Node's API has features that `Deno.serve` lacks: timeouts for headers and idle connections, limits, and a
 * change of the certificate without a second listener (docs/decisions/024).
 */

import { createServer, type Server } from "node:http";
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  cutOff,
  type HttpRequest,
  type NodeRequest,
  type NodeResponse,
  readRequest,
  writeResponse,
} from "./http_exchange.ts";
import type { KeyPairPem } from "./self_signed_certificate.ts";
import { textResponse } from "./text_response.ts";
import { stopSenderWhilePaused } from "./tls_flow_control.ts";

export interface HttpServerOptions {
  /** IP literal to listen on. */
  bind: string;
  /** 0 picks a free one. */
  port: number;
  /** The certificate for HTTPS; absent: plain HTTP. */
  tls?: KeyPairPem;
  /** Answers a request. When it throws, the answer is a bare 500. */
  handle(request: HttpRequest): Response | Promise<Response>;
}

/**
 * The streams of one HTTP/2 connection, and the bytes that a client may send ahead on a stream and on a
 * connection.
 */
const http2Limits = { streams: 200, windowBytes: 1024 * 1024 };
/**
 * How long a connection stays open after a complete answer while its client is still sending. So the client
 * reads the answer before it learns that the rest of its body is not read.
 */
const lingerMs = 1_000;
const flushMs = 50;
/**
 * Node drops headers beyond a number without a sign: a client could drown the address that its proxy adds. All
 * are read. Their size has a limit (16 KiB).
 */
const allHeaders = 0;
/** Requests that wait behind another one on a connection of HTTP/1.1. A client with more is cut off. */
const pipelinedRequests = 16;

/** A connection of HTTP/1.1. Its requests are served one after another. */
interface Connection {
  /** Answers that are in progress or wait for their turn. */
  answers: Set<NodeResponse>;
  /** Resolves when the newest request is answered. */
  answered: Promise<void>;
}

/** A server that listens. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Answers in progress. */
  readonly #answers = new Set<NodeResponse>();
  readonly #connections = new Map<Socket, Connection>();
  /** TCP connections below TLS. Those in their handshake are in no other set. */
  readonly #transports = new Set<Socket>();
  #isClosing = false;

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    const onRequest = (request: NodeRequest, response: NodeResponse) => void this.#answer(request, response);
    this.#server = options.tls ? this.#secureServer(options.tls, onRequest) : this.#plainServer(onRequest);
  }

  /** @throws an error of Node with `code` `EADDRINUSE`, `EADDRNOTAVAIL` or `EACCES` when it can not listen */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const self = new HttpServer(options);
    await new Promise<void>((resolve, reject) => {
      self.#server.once("error", reject);
      self.#server.listen({ host: options.bind, port: options.port }, () => {
        self.#server.off("error", reject);
        resolve();
      });
    });
    return self;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections get this certificate; open ones keep theirs. */
  replaceCertificate({ certificate, privateKey }: KeyPairPem): void {
    (this.#server as Http2SecureServer).setSecureContext({ cert: certificate, key: privateKey });
  }

  /** Accepts no more connections, lets running requests finish for at most `graceMs`, then ends the rest. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [socket, { answers }] of this.#connections) if (answers.size === 0) socket.destroy();
    for (const session of this.#sessions) session.close();
    const timer = setTimeout(() => this.#endAll(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  #endAll(): void {
    for (const response of this.#answers) cutOff(response);
    for (const socket of this.#connections.keys()) socket.destroy();
    // The frames that cut the answers off must be sent first.
    setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
      for (const socket of this.#transports) socket.destroy();
    }, flushMs);
  }

  #plainServer(onRequest: (request: NodeRequest, response: NodeResponse) => void): Server {
    // No timeouts and no caps yet: docs/limits.md has none for HTTP connections.
    const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, onRequest);
    server.maxHeadersCount = allHeaders;
    return server.on("connection", (socket: Socket) => this.#track(socket));
  }

  #secureServer(
    tls: KeyPairPem,
    onRequest: (request: NodeRequest, response: NodeResponse) => void,
  ): Http2SecureServer {
    const { streams, windowBytes } = http2Limits;
    const server = createSecureServer({
      cert: tls.certificate,
      key: tls.privateKey,
      allowHTTP1: true,
      settings: { maxConcurrentStreams: streams, initialWindowSize: windowBytes },
    }, onRequest);
    const timeouts = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };
    Object.assign(server, { ...timeouts, maxHeadersCount: allHeaders });
    server.on("connection", (socket: Socket) => {
      this.#transports.add(socket);
      socket.once("close", () => this.#transports.delete(socket));
    });
    server.on("secureConnection", (socket: TLSSocket) => {
      stopSenderWhilePaused(socket);
      if (socket.alpnProtocol !== "h2") this.#track(socket);
    });
    server.on("session", (session: ServerHttp2Session) => {
      destroyLater(session);
      session.setLocalWindowSize(windowBytes);
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    return server;
  }

  #track(socket: Socket): void {
    const answers = new Set<NodeResponse>();
    this.#connections.set(socket, { answers, answered: Promise.resolve() });
    socket.once("close", () => {
      this.#connections.delete(socket);
      // An answer that waits behind another has no socket yet, so Node does not tell it.
      for (const response of [...answers]) response.emit("close");
    });
    socket.on("error", () => {});
    // Header and body are written apart. Without this, the body waits about 40 ms for the client's ACK (RFC 896).
    socket.setNoDelay(true);
  }

  async #answer(request: NodeRequest, response: NodeResponse): Promise<void> {
    // A broken exchange ends by itself, with "close". An "error" without a listener would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    this.#answers.add(response);
    const isOver = new Promise<void>((resolve) =>
      response.once("close", () => {
        this.#answers.delete(response);
        resolve();
      })
    );
    response.once("finish", () => endUnreadBody(request, response));
    const socket = request.socket as Socket;
    const connection = this.#connections.get(socket);
    if (connection) {
      await this.#turnOf(response, connection, socket, isOver);
      if (socket.destroyed) return;
    }
    await writeResponse(await this.#respond(request), request, response);
  }

  /** Node starts all requests that a client of HTTP/1.1 sends at once. They are served one after another. */
  async #turnOf(
    response: NodeResponse,
    connection: Connection,
    socket: Socket,
    isOver: Promise<void>,
  ): Promise<void> {
    const before = connection.answered;
    connection.answered = isOver;
    connection.answers.add(response);
    void isOver.then(() => {
      connection.answers.delete(response);
      if (this.#isClosing && connection.answers.size === 0) socket.destroySoon();
    });
    if (connection.answers.size > pipelinedRequests + 1) socket.destroy();
    await before;
  }

  async #respond(request: NodeRequest): Promise<Response> {
    try {
      const read = readRequest(request, this.#options.tls ? "https" : "http");
      return read ? await this.#options.handle(read) : textResponse(400, "bad request");
    } catch {
      return textResponse(500, "internal error");
    }
  }
}

/**
 * Deno 2.9.6 frees a session that is destroyed while it reads a frame, such as a GOAWAY or one that breaks the
 * protocol. Then the process ends with a segmentation fault. So the session is destroyed after the frame.
 */
function destroyLater(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (...reason: Parameters<typeof destroy>) => void setTimeout(() => destroy(...reason), 0);
}

/** Ends the upload of a client whose answer is complete. */
function endUnreadBody(request: NodeRequest, response: NodeResponse): void {
  if (request.complete || request.destroyed) return;
  if ("stream" in response) return response.stream.close(constants.NGHTTP2_NO_ERROR);
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  request.once("end", () => clearTimeout(timer));
  socket.once("close", () => clearTimeout(timer));
}

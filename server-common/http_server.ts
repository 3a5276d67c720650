/**
 * An HTTP server on `node:http` or, with a certificate, on `node:http2` (HTTP/2, and HTTP/1.1 for clients
 * without it).
 *
 * Node's API has features that `Deno.serve` lacks: timeouts for headers and idle connections, limits, and a
 * change of the certificate without a second listener (docs/decisions/024).
 */

import { createServer, type Server } from "node:http";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, Server as TcpServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { AddressPlaces } from "./address_places.ts";
import {
  cutOff,
  destroyLater,
  endConnection,
  endUnreadBody,
  type NodeRequest,
  type NodeResponse,
  readRequest,
  readSender,
  writeResponse,
} from "./http_exchange.ts";
import { guard } from "./http_gate.ts";
import { defaultTimeouts, fewClients, type HttpServerOptions, type HttpTimeouts } from "./http_options.ts";
import { HttpPlaces, type Place } from "./http_places.ts";
import { watchListener } from "./http_watch.ts";
import { checkKeyPair } from "./key_pair.ts";
import type { KeyPairPem } from "./self_signed_certificate.ts";
import { textResponse } from "./text_response.ts";
import { stopSenderWhilePaused } from "./tls_flow_control.ts";

/** How often connections are looked at for those that are over their time. */
const sweepMs = 1_000;
/**
 * The streams of one HTTP/2 connection, and the bytes that a client may send ahead on a stream and on a
 * connection.
 */
const http2Limits = { streams: 200, windowBytes: 1024 * 1024 };
/**
 * Answers of which their client has taken nothing for a second; each holds some 190 KiB.
 * The oldest of an address is cut off for its next one, and if there are too many, that of the address with most.
 */
const unreadAnswers = { total: 1_024, perAddress: 256 };
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
  readonly #sessions = new Map<ServerHttp2Session, Place | undefined>();
  /** Answers in progress. */
  readonly #answers = new Set<NodeResponse>();
  readonly #connections = new Map<Socket, Connection>();
  /** All TCP connections, by {@link keyOf}; those in their TLS handshake are in no other set. */
  readonly #transports = new Map<string, { socket: Socket; place: Place }>();
  readonly #places: HttpPlaces;
  readonly #isAdmitted: (address: string) => boolean;
  readonly #unread = new AddressPlaces(unreadAnswers);
  readonly #timeouts: HttpTimeouts;
  readonly #stopWatching: () => void;
  readonly #sweeper: ReturnType<typeof setInterval>;
  #accepted = 0;
  #port = 0;
  #isClosing = false;

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#places = new HttpPlaces(options.places ?? fewClients);
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    const onRequest = (request: NodeRequest, response: NodeResponse) => void this.#answer(request, response);
    this.#server = options.tls ? this.#secureServer(options.tls, onRequest) : this.#plainServer(onRequest);
    this.#isAdmitted = guard(this.#server, (address) => {
      this.#accepted++;
      return this.#places.admit(address);
    });
    this.#listenForExpectations();
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs);
    this.#stopWatching = watchListener({
      connect: () => Deno.connect({ hostname: options.bind, port: this.#port }),
      accepted: () => this.#accepted,
      listen: () => this.#listen(this.#port),
      onRestart: () => options.log?.warn("http-port-opened-again", { port: this.#port }),
      onBlind: () => options.log?.info("http-port-not-watched", { port: this.#port }),
    });
  }

  /** @throws an error of Node with `code` `EADDRINUSE`, `EADDRNOTAVAIL` or `EACCES` when it can not listen */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const self = new HttpServer(options);
    try {
      await self.#listen(options.port);
    } catch (error) {
      self.#stop();
      throw error;
    }
    // An accept that fails is told here, if at all, and would end the process. The watch looks after the port.
    self.#server.on("error", () => {});
    return self;
  }

  get port(): number {
    return this.#port;
  }

  async #listen(port: number): Promise<void> {
    // Of the listener alone: the connections and the checks of their timeouts go on.
    if (this.#server.listening) TcpServer.prototype.close.call(this.#server);
    if (this.#isClosing) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: this.#options.bind, port }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #stop(): void {
    this.#isClosing = true;
    this.#stopWatching();
    clearInterval(this.#sweeper);
  }

  /**
   * New connections get this certificate; open ones keep theirs.
   *
   * @throws Error when it is no certificate with its key; then the old one stays
   */
  replaceCertificate({ certificate, privateKey }: KeyPairPem): void {
    checkKeyPair({ certificate, privateKey });
    (this.#server as Http2SecureServer).setSecureContext({ cert: certificate, key: privateKey });
  }

  /** Accepts no more connections, lets running requests finish for at most `graceMs`, then ends the rest. */
  async close(graceMs: number): Promise<void> {
    this.#stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [socket, { answers }] of this.#connections) if (answers.size === 0) socket.destroy();
    for (const session of this.#sessions.keys()) session.close();
    const timer = setTimeout(() => this.#endAll(), graceMs);
    await closed;
    clearTimeout(timer);
  }

  #endAll(): void {
    for (const response of this.#answers) cutOff(response);
    for (const socket of this.#connections.keys()) socket.destroy();
    // The frames that cut the answers off must be sent first.
    setTimeout(() => {
      for (const session of this.#sessions.keys()) session.destroy();
      for (const { socket } of this.#transports.values()) socket.destroy();
    }, flushMs);
  }

  #nodeOptions() {
    const { headers, idle } = this.#timeouts;
    // The body of a call may take as long as its call.
    return { requestTimeout: 0, headersTimeout: headers, keepAliveTimeout: idle, connectionsCheckingInterval: sweepMs };
  }

  #plainServer(onRequest: (request: NodeRequest, response: NodeResponse) => void): Server {
    const server = createServer(this.#nodeOptions(), onRequest);
    server.maxHeadersCount = allHeaders;
    return server.on("connection", (socket: Socket) => {
      if (this.#takePlace(socket)) this.#track(socket);
    });
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
      handshakeTimeout: this.#timeouts.handshake,
      settings: { maxConcurrentStreams: streams, initialWindowSize: windowBytes },
      ...this.#nodeOptions(),
    }, onRequest);
    Object.assign(server, { ...this.#nodeOptions(), maxHeadersCount: allHeaders });
    server.on("connection", (socket: Socket) => void this.#takePlace(socket));
    server.on("secureConnection", (socket: TLSSocket) => {
      stopSenderWhilePaused(socket);
      if (socket.alpnProtocol !== "h2") this.#track(socket);
    });
    server.on("session", (session: ServerHttp2Session) => {
      destroyLater(session);
      session.setLocalWindowSize(windowBytes);
      this.#sessions.set(session, this.#placeOf(session.socket));
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    return server;
  }

  /** Without these Node answers by itself, before any limit. */
  #listenForExpectations(): void {
    const server = this.#server as Server;
    server.on("checkContinue", (request: NodeRequest, response: NodeResponse) => {
      void this.#answer(request, response, () => response.writeContinue());
    });
    server.on("checkExpectation", (request: NodeRequest, response: NodeResponse) => {
      void this.#answer(request, response, undefined, () => textResponse(417, "expectation failed"));
    });
  }

  /** @returns whether there is a place for a new TCP connection; else it ends */
  #takePlace(socket: Socket): boolean {
    socket.on("error", () => {});
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || !this.#isAdmitted(remoteAddress)) {
      socket.destroy();
      return false;
    }
    const place = this.#places.add(remoteAddress, () => socket.destroy());
    const [key, transport] = [keyOf(socket), { socket, place }];
    this.#transports.set(key, transport);
    socket.once("close", () => {
      this.#places.give(place);
      if (this.#transports.get(key) === transport) this.#transports.delete(key);
    });
    return true;
  }

  /** @param socket of HTTP/1.1, or that stands for one of HTTP/2; none when that is gone already */
  #placeOf(socket: Pick<Socket, "remoteAddress" | "remotePort"> | undefined): Place | undefined {
    return socket && this.#transports.get(keyOf(socket))?.place;
  }

  /** Node has no timeouts for connections of HTTP/2 without a stream, or with headers that do not end. */
  #sweep(): void {
    const { headers, idle } = this.#timeouts;
    const nowMs = performance.now();
    for (const [session, place] of this.#sessions) {
      if (place && place.busy === 0 && nowMs - place.idleSinceMs > (place.hasAsked ? idle : headers)) session.destroy();
    }
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

  async #answer(
    request: NodeRequest,
    response: NodeResponse,
    onRead?: () => void,
    handle = this.#options.handle,
  ): Promise<void> {
    // A broken exchange ends by itself, with "close". An "error" without a listener would end the process.
    request.on("error", () => {});
    response.on("error", () => {});
    this.#answers.add(response);
    const place = this.#placeOf(request.socket);
    if (place) this.#places.begin(place);
    const isOver = new Promise<void>((resolve) =>
      response.once("close", () => {
        this.#answers.delete(response);
        if (place) this.#places.end(place);
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
    let client = request.socket?.remoteAddress ?? "";
    const answer = await this.#respond(request, onRead, handle, (address) => {
      client = address;
      if (place) this.#places.attribute(place, address);
    });
    const takePlace = (lose: () => void) => this.#unread.take(client, lose);
    await writeResponse(answer, request, response, { stallMs: this.#timeouts.stall, takePlace });
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

  async #respond(
    request: NodeRequest,
    onRead: (() => void) | undefined,
    handle: HttpServerOptions["handle"],
    onClient: (address: string) => void,
  ): Promise<Response> {
    try {
      const sender = readSender(request, this.#options.tls ? "https" : "http");
      onClient(this.#options.clientOf?.(sender) ?? sender.peer.hostname);
      const refusal = await this.#options.limit?.(sender);
      if (refusal === "end") endConnection(request);
      if (refusal) return refusal === "end" ? textResponse(429, "too many requests") : refusal;
      const read = readRequest(request, sender, onRead);
      return read ? await handle(read) : textResponse(400, "bad request");
    } catch {
      return textResponse(500, "internal error");
    }
  }
}

/** Names a TCP connection of this port. */
function keyOf({ remoteAddress, remotePort }: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${remoteAddress} ${remotePort}`;
}

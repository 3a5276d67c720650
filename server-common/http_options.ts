/** What an HTTP port is given, and what it does where it is given nothing. */

import type { HttpRequest, HttpSender } from "./http_exchange.ts";
import type { PlacesOptions } from "./http_places.ts";
import type { Log } from "./log.ts";
import type { KeyPairPem } from "./self_signed_certificate.ts";

export interface HttpServerOptions {
  /** IP literal to listen on. */
  bind: string;
  /** 0 picks a free one. */
  port: number;
  /** The certificate for HTTPS; absent: plain HTTP. */
  tls?: KeyPairPem;
  /** Of the connections; absent: as a port needs that has few clients. */
  places?: PlacesOptions;
  timeouts?: Partial<HttpTimeouts>;
  /**
   * Asked before anything else is done with a request, also with one that is malformed.
   *
   * @returns the answer to a request that has to go without another; "end": its connection ends without one
   */
  limit?(sender: HttpSender): Promise<Response | "end" | undefined>;
  /**
   * Whose request it is: an IP literal. Absent: the other end's of the connection, which behind a proxy is the proxy.
   */
  clientOf?(sender: HttpSender): string;
  /** Answers a request. When it throws, the answer is a bare 500. */
  handle(request: HttpRequest): Response | Promise<Response>;
  /** Told what happens to the port. */
  log?: Log;
}

/** When a connection ends whose client does nothing, in ms. */
export interface HttpTimeouts {
  /** until TLS stands */
  handshake: number;
  /** until the first request's headers are there, and from the first byte of a later one to the end of its headers */
  headers: number;
  /** between two requests */
  idle: number;
  /** while the client takes nothing of an answer */
  stall: number;
}

/**
 * Between requests a proxy keeps its connection open for a time: nginx 60 s, Caddy 120 s. Whoever ends it first may
 * do so while a request is on its way, so it has to be the proxy.
 */
export const defaultTimeouts: HttpTimeouts = { handshake: 10_000, headers: 10_000, idle: 130_000, stall: 60_000 };
/** Connections of a port with few clients: /metrics, and the redirect to HTTPS. */
export const fewClients: PlacesOptions = { connections: 64, connectionsPerAddress: 32 };

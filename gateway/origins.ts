/** The hosts and origins that are the gateway's own. */

export interface OriginOptions {
  publicHost?: string;
  /** further origins, from the configuration */
  origins: string[];
  httpPort: number;
  /** whether the gateway itself serves HTTPS */
  httpTls: boolean;
}

const localHosts = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The origins whose pages may open sessions and post calls: the gateway's own HTTP address under each of its
 * names, the public host behind a proxy's port 443, and the configured origins.
 *
 * @returns values of an `Origin` header
 */
export function ownOrigins({ publicHost, origins, httpPort, httpTls }: OriginOptions): Set<string> {
  const scheme = httpTls ? "https" : "http";
  const own = new Set<string>();
  if (publicHost) {
    own.add(`https://${publicHost}`);
    own.add(new URL(`https://${publicHost}:${httpPort}`).origin);
    if (!httpTls) own.add(new URL(`http://${publicHost}:${httpPort}`).origin);
  }
  for (const host of localHosts) own.add(new URL(`${scheme}://${host}:${httpPort}`).origin);
  for (const origin of origins) own.add(origin);
  return own;
}

/** So many origins are named to somebody who comes from another. */
const namedOrigins = 8;

/** @returns what an operator has to know about a request from another origin; nothing of the request is in it */
export function foreignOriginAdvice(own: ReadonlySet<string>): { expected: string; advice: string } {
  const names = [...own];
  return {
    expected: [...names.slice(0, namedOrigins), ...(names.length > namedOrigins ? ["…"] : [])].join(" "),
    advice: "behind a proxy, QPQ_PUBLIC_HOST has to be the host that browsers open; QPQ_ORIGINS names further origins",
  };
}

/**
 * Extracts the host that a request names, if it is one of the gateway's.
 *
 * @param named host and perhaps port
 * @returns the host without the port; undefined for a foreign or malformed one
 */
export function ownHost(named: string | undefined, publicHost?: string): string | undefined {
  const host = named?.toLowerCase().match(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/)?.[1];
  return host !== undefined && (localHosts.includes(host) || host === publicHost) ? host : undefined;
}

/**
 * The host by which a page from `pageHost` reaches the gateway's UDP port.
 *
 * A name such as `localhost` may resolve to ::1 first, where an IPv4 socket does not listen, and QUIC notices
 * that late. So the URL contains a bound address wherever the certificate is trusted by its hash, because
 * then the name does not matter.
 *
 * @param pageHost a host of the gateway, see {@link ownHost}; undefined when the page named a foreign one
 */
export function webTransportHost(
  pageHost: string | undefined,
  bind: string,
  publicHost: string | undefined,
  isTrustedByHash: boolean,
): string {
  const fallback = publicHost ?? "127.0.0.1";
  const host = pageHost ?? fallback;
  if (!isTrustedByHash || host === publicHost) return host;
  if (bind === "::1") return "[::1]";
  return host === "[::1]" && bind === "::" ? host : "127.0.0.1";
}

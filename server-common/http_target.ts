/** The host and the path that a request names, in the forms that a server has to accept (RFC 9112 §3.2). */

/** What of a request of HTTP/1.1 or HTTP/2 names its target. */
export interface NamedTarget {
  /** a path, or a whole URL */
  target: string;
  /** the values of `Host`, and of `:authority` in HTTP/2 */
  hosts: readonly string[];
  /** `http` or `https` */
  scheme: string;
}

/** `uri-host [ ":" port ]` without what no host name has (RFC 9110 §7.2, RFC 1123 §2.1), or an IPv6 literal. */
const hostForm = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;
/** A name of 253 characters, and a port (RFC 1035 §2.3.4). */
const maxHostLength = 259;

/**
 * @returns the URL, normalised; undefined unless exactly one host is named, in its form, and the target is a path or
 *   an http(s) URL of the same host without a user
 */
export function readTarget({ target, hosts, scheme }: NamedTarget): URL | undefined {
  const [host] = hosts;
  if (host === undefined || hosts.some((other) => other !== host)) return undefined;
  if (host.length > maxHostLength || !hostForm.test(host)) return undefined;
  // Appended, not resolved: a path that begins with // would resolve to another host.
  if (target.startsWith("/")) return parse(`${scheme}://${host}${target}`);
  const absolute = /^(https?:)\/\/([^/?#\\]*)/i.exec(target);
  if (!absolute || !hostForm.test(absolute[2])) return undefined;
  const url = parse(target);
  return url && url.host === parse(`${absolute[1]}//${host}/`)?.host ? url : undefined;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Checks the fields of an extended CONNECT (RFC 9220, RFC 9114 §4.3.1). */
import { h3Code, Http3Error } from "./error_codes.ts";
import type { Field } from "./qpack.ts";

export interface RequestHead {
  method: string;
  scheme?: string;
  authority?: string;
  path?: string;
  /** `:protocol` of an extended CONNECT */
  protocol?: string;
  origin?: string;
}

const pseudoFields = new Map<string, keyof RequestHead>([
  [":method", "method"],
  [":scheme", "scheme"],
  [":authority", "authority"],
  [":path", "path"],
  [":protocol", "protocol"],
]);
/** Fields that describe a connection and are forbidden in HTTP/3 (RFC 9114 §4.2). */
const connectionFields = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/**
 * Checks a request's fields as RFC 9114 §4.2 and §4.3 demand, and picks the used ones.
 *
 * @throws Http3Error H3_MESSAGE_ERROR when the request is malformed
 */
export function parseRequestHead(fields: readonly Field[]): RequestHead {
  const head: Partial<RequestHead> = {};
  let areRegular = false;
  for (const [name, value] of fields) {
    if (!/^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) throw malformed("field name");
    // deno-lint-ignore no-control-regex
    if (/[\x00\r\n]/.test(value)) throw malformed("field value");
    if (name.startsWith(":")) {
      const key = pseudoFields.get(name);
      if (areRegular || !key || head[key] !== undefined) throw malformed(`pseudo-header field ${name}`);
      head[key] = value;
    } else {
      areRegular = true;
      if (connectionFields.has(name)) throw malformed("connection-specific field");
      if (name === "origin") {
        if (head.origin !== undefined) throw malformed("second origin");
        head.origin = value;
      }
    }
  }
  const { method } = head;
  if (method === undefined) throw malformed("no method");
  const isPlainConnect = method === "CONNECT" && head.protocol === undefined;
  const needsTarget = !isPlainConnect && (head.scheme === undefined || !head.path);
  if (needsTarget || (head.protocol !== undefined && method !== "CONNECT")) throw malformed("pseudo-header fields");
  return { ...head, method };
}

/**
 * Whether this is an extended CONNECT for WebTransport. Drafts up to 14 use `webtransport`, the newest
 * `webtransport-h3`.
 */
export function isWebTransport(head: RequestHead): head is RequestHead & { authority: string; path: string } {
  const isNamed = head.protocol === "webtransport" || head.protocol === "webtransport-h3";
  return isNamed && head.scheme === "https" && head.authority !== undefined && head.path !== undefined;
}

function malformed(what: string): Http3Error {
  return new Http3Error(h3Code.messageError, `malformed request: ${what}`);
}

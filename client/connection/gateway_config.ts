/** The gateway's configuration: `/.well-known/quicproquo.json` (specification §5.4). */

import type { Bytes } from "../../schema/bytes.ts";
import { wireVersion } from "../../schema/rpc/calls_and_returns.ts";
import { TransportError } from "../../schema/rpc/errors.ts";

const configPath = "/.well-known/quicproquo.json";

export interface GatewayConfig {
  webtransport?: {
    url: string;
    /**
     * SHA-256 of the present and the next certificate; empty when the certificate is one that browsers trust.
     */
    certificateHashes: Bytes[];
  };
  /** Path of the HTTPS fallback. */
  rpc: string;
}

/**
 * Reads the configuration anew each time, past every cache, because certificate hashes change.
 *
 * @param origin of the gateway, "https://host:port"
 * @throws TransportError
 */
export async function fetchGatewayConfig(origin: string, signal: AbortSignal): Promise<GatewayConfig> {
  let fields: Record<string, unknown>;
  try {
    const response = await fetch(new URL(configPath, origin), { cache: "no-store", signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    fields = await response.json();
  } catch (error) {
    throw new TransportError(`the server does not answer: ${(error as Error).message}`, { cause: error });
  }
  if (fields?.wireVersion !== wireVersion) {
    throw new TransportError("the server speaks another version of the protocol");
  }
  const webtransport = fields.webtransport as { url?: unknown; certificateHashes?: unknown } | undefined;
  return {
    rpc: typeof fields.rpc === "string" ? fields.rpc : "/rpc",
    ...(typeof webtransport?.url === "string" &&
      { webtransport: { url: webtransport.url, certificateHashes: hashesOf(webtransport.certificateHashes) } }),
  };
}

/** Each `{algorithm: "sha-256", value: base64 of 32 bytes}`. */
function hashesOf(value: unknown): Bytes[] {
  if (value === undefined) return [];
  try {
    const hashes = (value as { algorithm: string; value: string }[]).map(({ algorithm, value }) =>
      algorithm === "sha-256" ? Uint8Array.from(atob(value), (char) => char.charCodeAt(0)) : undefined
    );
    if (hashes.every((hash) => hash?.length === 32)) return hashes as Bytes[];
  } catch {
    // Not a list, or not base64.
  }
  throw new TransportError("the server's certificate hashes are malformed");
}

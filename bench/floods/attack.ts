/** What an attack of the flood benchmark is given, and what it has to be. */

import type { TestDevice } from "../../server-core/testing/seed.ts";

/** The servers under attack. */
export interface Target {
  /** host and port of the core's QUIC */
  core: { hostname: string; port: number };
  /** PEM of the core's certificate */
  coreCertificate: string;
  httpPort: number;
  webTransportPort: number;
  /** PEM of the gateway's certificate */
  gatewayCertificate: string;
  /** devices of four accounts that are signed in, besides the honest user's */
  devices: TestDevice[];
}

/** One attack, which runs in a process of its own. It uses the wire, HTTP or QUIC alone, as anybody could. */
export interface Attack {
  /** what the attacker does, for docs/benchmarks.md */
  what: string;
  /** Begins, and goes on until `signal` aborts, whatever the servers refuse. Resolves then. */
  run(target: Target, signal: AbortSignal): Promise<void>;
}

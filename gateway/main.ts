/**
 * `qpq-gateway`: reads the environment, runs a gateway, drains on SIGINT and SIGTERM. Events go to stderr,
 * the line that says "ready" to stdout.
 */
import { ConfigError, readConfig } from "./config.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { makeLog } from "./log.ts";

/** Sessions that do not take their goodbye do not hold the exit longer than this. */
const drainMs = 5_000;

async function main(): Promise<void> {
  let gateway: Gateway | undefined;
  let log = makeLog("info", console.error, Date.now);
  // One connection's fault must never end the process (Deno rejects promises of its own when peers misbehave).
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    gateway?.metrics.add("qpq_gateway_unhandled_rejections_total");
    log("error", "unhandled-rejection", { error: String(event.reason) });
  });

  try {
    const config = readConfig((key) => Deno.env.get(key), Deno.readTextFileSync);
    log = makeLog(config.logLevel, console.error, Date.now);
    gateway = await startGateway(config, { log, now: Date.now });
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof Error)) throw error;
    console.error(`qpq-gateway: error: ${error.message}`);
    Deno.exit(1);
  }

  const running = gateway;
  let isDraining = false;
  const drain = (signal: string) => {
    if (isDraining) return;
    isDraining = true;
    log("info", "draining", { signal });
    setTimeout(() => Deno.exit(0), drainMs);
    running.close().finally(() => Deno.exit(0));
  };
  Deno.addSignalListener("SIGINT", () => drain("SIGINT"));
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => drain("SIGTERM"));
  const { httpPort, webTransportPort, redirectPort, metricsPort } = running;
  const more = `${redirectPort === undefined ? "" : ` redirect=${redirectPort}`}${
    metricsPort === undefined ? "" : ` metrics=${metricsPort}`
  }`;
  console.log(`qpq-gateway: ready http=${httpPort} webtransport=${webTransportPort}${more}`);
}

if (import.meta.main) await main();

/**
 * `qpq-gateway`: reads the environment, runs a gateway, drains on SIGINT and SIGTERM. Events go to stderr,
 * the line "ready" to stdout.
 */
import { errorFields, makeLog } from "../server-common/log.ts";
import { onStopSignal, reportUnhandledRejections } from "../server-common/process.ts";
import { readConfig } from "./config.ts";
import { type Gateway, startGateway } from "./gateway.ts";

/** The process exits after this long, even when sessions do not accept their closing message. */
const drainMs = 5_000;

async function main(): Promise<void> {
  let gateway: Gateway | undefined;
  let log = makeLog("info", console.error, Date.now);
  reportUnhandledRejections((reason) => {
    gateway?.metrics.add("qpq_gateway_unhandled_rejections_total");
    log.error("unhandled-rejection", errorFields(reason));
  });

  try {
    const config = readConfig((key) => Deno.env.get(key), Deno.readTextFileSync);
    log = makeLog(config.logLevel, console.error, Date.now);
    gateway = await startGateway(config, { log, now: Date.now });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`qpq-gateway: error: ${error.message}`);
    Deno.exit(1);
  }

  const running = gateway;
  onStopSignal((signal) => {
    log.info("draining", { signal });
    setTimeout(() => Deno.exit(0), drainMs);
    running.close().finally(() => Deno.exit(0));
  });
  const { httpPort, webTransportPort, redirectPort, metricsPort } = running;
  const more = `${redirectPort === undefined ? "" : ` redirect=${redirectPort}`}${
    metricsPort === undefined ? "" : ` metrics=${metricsPort}`
  }`;
  console.log(`qpq-gateway: ready http=${httpPort} webtransport=${webTransportPort}${more}`);
}

if (import.meta.main) await main();

/**
 * `qpq-server`: runs the core until SIGINT or SIGTERM, or runs a command of the operator (operator/). Each
 * loads only its own modules: commands need no server, and the server's main thread needs no SQLite.
 */

import { toHex } from "../schema/bytes.ts";
import { readConfig, type ServerConfig } from "./config.ts";
import { errorFields, makeLog } from "../server-common/log.ts";
import { onStopSignal, reportUnhandledRejections } from "../server-common/process.ts";
import { warningOfKey } from "./storage/database_key.ts";

const configFile = "qpq-server.toml";

async function serve(config: ServerConfig): Promise<void> {
  const log = makeLog(config.logLevel);
  const keyWarning = warningOfKey(config);
  if (keyWarning !== undefined) log.warn(keyWarning);
  const { startServer } = await import("./server.ts");
  const server = await startServer(config, {
    log,
    onDead: (error) => {
      // Nothing can be stored any more, so nothing may be acknowledged. The process ends, and its supervisor
      // restarts it.
      log.error("storage died", errorFields(error));
      Deno.exit(1);
    },
  });
  const countRejections = (amount: number) =>
    server.metrics.count("qpq_unhandled_rejections_total", "errors that nothing caught", {}, amount);
  // It is there before the first one, so that Prometheus sees that as an increase.
  countRejections(0);
  reportUnhandledRejections((reason) => {
    countRejections(1);
    log.error("unhandled rejection", errorFields(reason));
  });
  onStopSignal(() => {
    log.info("draining");
    server.drain().then(() => Deno.exit(0), (error) => {
      log.error("drain failed", errorFields(error));
      Deno.exit(1);
    });
  });
  const { hostname, port } = server.address;
  log.info("ready", { hostname, port, metricsPort: server.metricsPort });
  console.log(
    `qpq-server: ready addr=${hostname.includes(":") ? `[${hostname}]` : hostname}:${port} pin=${toHex(server.pin)}`,
  );
}

function readToml(): string | undefined {
  try {
    return Deno.readTextFileSync(configFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readOwnConfig(): ServerConfig {
  return readConfig({ env: (key) => Deno.env.get(key), readFile: Deno.readTextFileSync, toml: readToml() });
}

if (import.meta.main) {
  try {
    if (Deno.args.length === 0 || (Deno.args.length === 1 && Deno.args[0] === "serve")) await serve(readOwnConfig());
    else {
      const { runCommand } = await import("./operator/commands.ts");
      Deno.exit(await runCommand(Deno.args, readOwnConfig));
    }
  } catch (error) {
    const { failureOf } = await import("./operator/commands.ts");
    const { message, hint, exitCode } = failureOf(error);
    console.error(`qpq-server: error: ${message}`);
    if (hint) console.error(`qpq-server: hint: ${hint}`);
    Deno.exit(exitCode);
  }
}

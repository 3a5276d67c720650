/** `qpq-server`: starts the core and ends it on SIGINT or SIGTERM; makes invite codes; asks a running one how it is. */

import { toHex } from "../schema/bytes.ts";
import { createInvite } from "./authentication/invites.ts";
import { ConfigError, readConfig, type ServerConfig } from "./config.ts";
import { probeHealth } from "./health_probe.ts";
import { errorFields, makeLog } from "./log.ts";
import { startServer } from "./server.ts";
import { openSqliteStore } from "./storage/sqlite/sqlite_store.ts";
import { StorageFormatError } from "./storage/sqlite/open.ts";

const usage = `usage: qpq-server           start the server (configuration: QPQ_* variables, qpq-server.toml)
       qpq-server invite [DAYS]  print an invite code that is good for one registration (default: 7 days)
       qpq-server health         exit 0 if the server of this configuration answers and is not shutting down`;

const configFile = "qpq-server.toml";

async function serve(config: ServerConfig): Promise<void> {
  const log = makeLog(config.logLevel);
  const server = await startServer(config, {
    log,
    onDead: (error) => {
      // Nothing can be stored any more, so nothing may be promised: whoever supervises the process starts it anew.
      log.error("storage died", errorFields(error));
      Deno.exit(1);
    },
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    server.metrics.count("qpq_unhandled_rejections_total", "errors that nothing caught");
    log.error("unhandled rejection", errorFields(event.reason));
  });
  const shutDown = () => {
    log.info("draining");
    server.drain().then(() => Deno.exit(0), (error) => {
      log.error("drain failed", errorFields(error));
      Deno.exit(1);
    });
  };
  Deno.addSignalListener("SIGINT", shutDown);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", shutDown);
  const { hostname, port } = server.address;
  log.info("ready", { hostname, port, metricsPort: server.metricsPort });
  console.log(`qpq-server: ready addr=${hostname.includes(":") ? `[${hostname}]` : hostname}:${port} pin=${toHex(server.pin)}`);
}

/** Works beside a running server: SQLite serialises the two. */
async function invite(config: ServerConfig, days: string): Promise<void> {
  if (!/^[1-9]\d{0,2}$/.test(days)) throw new ConfigError("invite", "DAYS: an integer from 1 to 999");
  const store = await openSqliteStore({ dataDir: config.dataDir, key: config.dbKey });
  console.log(await createInvite(store.accounts, Date.now() + Number(days) * 24 * 3600 * 1000));
  await store.close();
}

/** Longer than a busy server takes, shorter than a health check's patience. */
const probeMs = 4_000;

async function health(config: ServerConfig): Promise<void> {
  const healthy = await probeHealth(config, probeMs).catch((error) => {
    console.error(`qpq-server: error: no answer: ${error.message}`);
    return false;
  });
  Deno.exit(healthy ? 0 : 1);
}

function readToml(): string | undefined {
  try {
    return Deno.readTextFileSync(configFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const [command = "serve", ...rest] = Deno.args;
  try {
    const config = readConfig({ env: (key) => Deno.env.get(key), readFile: Deno.readTextFileSync, toml: readToml() });
    if (command === "serve" && rest.length === 0) await serve(config);
    else if (command === "invite" && rest.length <= 1) await invite(config, rest[0] ?? "7");
    else if (command === "health" && rest.length === 0) await health(config);
    else {
      console.error(usage);
      Deno.exit(2);
    }
  } catch (error) {
    const expected = error instanceof ConfigError || error instanceof StorageFormatError || error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.NotFound;
    console.error(`qpq-server: error: ${expected ? (error as Error).message : (error as Error).stack}`);
    Deno.exit(1);
  }
}

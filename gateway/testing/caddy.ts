/** Debian's Caddy as a private ACME authority on the loopback (its `acme_server`), for one test. */
import { freeTcpPort } from "../../server-common/testing/free_ports.ts";
import { until } from "../../schema/testing/until.ts";

export interface AcmeServer extends AsyncDisposable {
  readonly directoryUrl: string;
  /** file with the authority's root, PEM: it also signs the server's own HTTPS */
  readonly rootPath: string;
}

/** @throws when `caddy` is not installed (`npm test` installs it) or does not start */
export async function startAcmeServer(): Promise<AcmeServer> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-acme-" });
  const port = await freeTcpPort();
  const config = {
    admin: { disabled: true, config: { persist: false } },
    storage: { module: "file_system", root: `${folder}/storage` },
    logging: { logs: { default: { level: "ERROR" } } },
    apps: {
      pki: { certificate_authorities: { local: { install_trust: false } } },
      tls: { automation: { policies: [{ subjects: ["localhost"], issuers: [{ module: "internal" }] }] } },
      http: {
        servers: {
          acme: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable_redirects: true },
            routes: [{
              match: [{ host: ["localhost"] }],
              handle: [{ handler: "acme_server", ca: "local" }],
              terminal: true,
            }],
          },
        },
      },
    },
  };
  await Deno.writeTextFile(`${folder}/caddy.json`, JSON.stringify(config));
  const child = new Deno.Command("caddy", {
    args: ["run", "--config", `${folder}/caddy.json`],
    env: { HOME: folder, XDG_DATA_HOME: folder },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const rootPath = `${folder}/storage/pki/authorities/local/root.crt`;
  const directoryUrl = `https://localhost:${port}/acme/local/directory`;
  const isUp = async () => {
    try {
      using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(rootPath)] });
      const init: RequestInit & { client: Deno.HttpClient } = { client };
      const response = await fetch(directoryUrl, init);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
  let up = false;
  const asking = setInterval(() => void isUp().then((answered) => up ||= answered), 100);
  try {
    await until(() => up, "caddy answers");
  } finally {
    clearInterval(asking);
  }
  return {
    directoryUrl,
    rootPath,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

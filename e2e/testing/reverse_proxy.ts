/** nginx or Caddy in front of a gateway (under Deno and Node alike), with the configuration of docs/operate.md. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { connect } from "node:tls";
import { makeSelfSignedCertificate } from "../../server-common/self_signed_certificate.ts";

export interface ReverseProxy extends AsyncDisposable {
  /** where it listens for HTTPS, in place of 443 */
  readonly port: number;
  /** PEM that verifies its certificate */
  readonly caPem: string;
}

/** The name in docs/operate.md. */
export const publicHost = "chat.example.org";

/** @returns the block of docs/operate.md in this language */
function documented(language: string): string {
  const page = readFileSync(new URL("../../docs/operate.md", import.meta.url), "utf8");
  const [, block] = page.match(new RegExp("```" + language + "\\n([^]*?)\\n```")) ?? [];
  if (block === undefined) throw new Error(`docs/operate.md has no block of ${language}`);
  return block;
}

/** Replaces texts that must be there. */
function replaced(text: string, ...replacements: [string, string][]): string {
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`"${from}" is not in the configuration of docs/operate.md`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** @returns a free TCP port */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until it speaks TLS: Caddy listens before it has its certificate. */
async function listens(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    const socket = connect({ port, host: "127.0.0.1", servername: publicHost, rejectUnauthorized: false });
    try {
      await once(socket, "secureConnect");
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      socket.on("error", () => {}).destroy();
    }
  }
}

async function start(
  folder: string,
  program: string,
  args: string[],
  port: number,
  caPem: () => string,
): Promise<ReverseProxy> {
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, args, { env, stdio: "ignore" });
  await once(child, "spawn");
  const ended = once(child, "exit");
  await listens(port);
  return {
    port,
    caPem: caPem(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Debian's nginx.
 *
 * @param gatewayPort its HTTP port
 * @throws when it is not installed (`npm test` installs it)
 */
export async function startNginx(gatewayPort: number): Promise<ReverseProxy> {
  const folder = mkdtempSync(`${tmpdir()}/qpq-nginx-`);
  const port = await freePort();
  const { certificate, privateKey } = await makeSelfSignedCertificate({
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    commonName: publicHost,
    dnsNames: [publicHost],
    ipAddresses: [],
  });
  writeFileSync(`${folder}/fullchain.pem`, certificate);
  writeFileSync(`${folder}/privkey.pem`, privateKey, { mode: 0o600 });
  const server = replaced(
    documented("nginx"),
    ["listen 443", `listen 127.0.0.1:${port}`],
    [`/etc/ssl/${publicHost}/`, `${folder}/`],
    ["127.0.0.1:8080", `127.0.0.1:${gatewayPort}`],
  );
  // What Debian's nginx.conf has around it, without its paths.
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) =>
    `${of}_temp_path ${folder}/${of};`
  );
  writeFileSync(
    `${folder}/nginx.conf`,
    `pid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off;\ngzip on;\n${
      temporary.join("\n")
    }\n${server}\n}\n`,
  );
  const args = ["-p", folder, "-c", `${folder}/nginx.conf`, "-g", "daemon off; master_process off;"];
  return await start(folder, "/usr/sbin/nginx", args, port, () => certificate);
}

/**
 * Debian's Caddy, with an authority of its own in place of Let's Encrypt.
 *
 * @param gatewayPort its HTTP port
 * @throws when it is not installed (`npm test` installs it)
 */
export async function startCaddy(gatewayPort: number): Promise<ReverseProxy> {
  const folder = mkdtempSync(`${tmpdir()}/qpq-caddy-`);
  const port = await freePort();
  const options = [
    "admin off",
    "local_certs",
    "skip_install_trust",
    "auto_https disable_redirects",
    `storage file_system ${folder}/storage`,
    `https_port ${port}`,
    "default_bind 127.0.0.1",
  ];
  const site = replaced(documented("caddy"), ["127.0.0.1:8080", `127.0.0.1:${gatewayPort}`]);
  writeFileSync(`${folder}/Caddyfile`, `{\n\t${options.join("\n\t")}\n}\n${site}\n`);
  const args = ["run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"];
  const root = `${folder}/storage/pki/authorities/local/root.crt`;
  return await start(folder, "caddy", args, port, () => readFileSync(root, "utf8"));
}

/** nginx or Caddy in front of a gateway, with the configuration of docs/operate.md. */

import { readPage } from "../../schema/testing/doc_page.ts";
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
  const [, block] = readPage("docs/operate.md").match(new RegExp("```" + language + "\\n([^]*?)\\n```")) ?? [];
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
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listens(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function start(folder: string, program: string, args: string[], port: number, caPem: () => Promise<string>) {
  const child = new Deno.Command(program, {
    args,
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdout: "null",
    stderr: "null",
  }).spawn();
  await listens(port);
  return {
    port,
    caPem: await caPem(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  } satisfies ReverseProxy;
}

/**
 * Debian's nginx.
 *
 * @param gatewayPort its HTTP port
 * @throws when it is not installed (`npm test` installs it)
 */
export async function startNginx(gatewayPort: number): Promise<ReverseProxy> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-nginx-" });
  const port = freePort();
  const { certificate, privateKey } = await makeSelfSignedCertificate({
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    commonName: publicHost,
    dnsNames: [publicHost],
    ipAddresses: [],
  });
  await Deno.writeTextFile(`${folder}/fullchain.pem`, certificate);
  await Deno.writeTextFile(`${folder}/privkey.pem`, privateKey, { mode: 0o600 });
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
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `pid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off;\ngzip on;\n${
      temporary.join("\n")
    }\n${server}\n}\n`,
  );
  const args = ["-p", folder, "-c", `${folder}/nginx.conf`, "-g", "daemon off; master_process off;"];
  return await start(folder, "/usr/sbin/nginx", args, port, () => Promise.resolve(certificate));
}

/**
 * Debian's Caddy, with an authority of its own in place of Let's Encrypt.
 *
 * @param gatewayPort its HTTP port
 * @throws when it is not installed (`npm test` installs it)
 */
export async function startCaddy(gatewayPort: number): Promise<ReverseProxy> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-caddy-" });
  const port = freePort();
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
  await Deno.writeTextFile(`${folder}/Caddyfile`, `{\n\t${options.join("\n\t")}\n}\n${site}\n`);
  const args = ["run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"];
  const root = `${folder}/storage/pki/authorities/local/root.crt`;
  return await start(folder, "caddy", args, port, () => Deno.readTextFile(root));
}

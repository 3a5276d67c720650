/**
 * What a first start needs and later starts find: the secret that core and gateway share, the database's key,
 * the core's certificate. Runs before both, with no network.
 *
 * `setup.ts new-key FILE` writes one more key, for `qpq-server rekey`: the core may not write there.
 *
 * `/keys` (core alone): `db-key`, or the file of QPQ_DB_KEY_FILE. `/link` (core and gateway, read-only
 * there; QPQ_LINK names another folder): `gateway-secret`, `core-cert.pem`. `/data` (or QPQ_DATA): the core's,
 * with its private key.
 */
import { toHex } from "../../schema/bytes.ts";
import { replaceFile } from "../../server-common/replace_file.ts";
import { keptCertificate, loadCertificate } from "../../server-core/certificate.ts";

export interface Folders {
  data: string;
  link: string;
  /** The file of the database's key (`QPQ_DB_KEY_FILE`); undefined: the core is told of none. */
  keyFile?: string;
  /** PEM files of the operator's own for the core (`QPQ_CORE_CERT`, `QPQ_CORE_KEY`). */
  certificate?: { certificate: string; key: string };
}

/**
 * Makes what is missing and leaves alone what is there.
 *
 * @throws Error when there is a database whose key is gone: a new key could never open it
 */
export async function setUp(
  { data, link, keyFile, certificate }: Folders,
  nowMs: number,
): Promise<void> {
  await keepSecret(`${link}/gateway-secret`);
  if (keyFile !== undefined && !await exists(keyFile)) {
    if (await exists(`${data}/qpq.db`)) {
      throw new Error(
        `${data}/qpq.db is there but ${keyFile} is not: put the key back, or set QPQ_DB_KEY_FILE to ` +
          `nothing for a database without encryption`,
      );
    }
    await keepSecret(keyFile);
  }
  const { certificatePem } = await (certificate ? loadCertificate(certificate) : keptCertificate(data, nowMs));
  await replaceFile(`${link}/core-cert.pem`, certificatePem, 0o644);
}

async function keepSecret(path: string): Promise<void> {
  // All or nothing: a start that was cut off leaves no half a secret.
  if (!await exists(path)) await replaceFile(path, toHex(crypto.getRandomValues(new Uint8Array(32))), 0o600);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** @throws Error when there is such a file: it may be the key of a database */
async function makeKey(path: string | undefined): Promise<void> {
  if (path === undefined) throw new Error("usage: setup.ts new-key /keys/NAME");
  if (await exists(path)) throw new Error(`${path} exists already: name a new file`);
  await keepSecret(path);
  console.log(`${path} holds a new key`);
}

if (import.meta.main) {
  const env = (name: string) => Deno.env.get(name) || undefined;
  const [certificate, key] = [env("QPQ_CORE_CERT"), env("QPQ_CORE_KEY")];
  try {
    if (Deno.args[0] === "new-key") await makeKey(Deno.args[1]);
    else {
      await setUp({
        data: env("QPQ_DATA") ?? "/data",
        link: env("QPQ_LINK") ?? "/link",
        keyFile: env("QPQ_DB_KEY") === undefined ? env("QPQ_DB_KEY_FILE") : undefined,
        ...(certificate !== undefined && key !== undefined && { certificate: { certificate, key } }),
      }, Date.now());
    }
  } catch (error) {
    console.error(`qpq-setup: error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

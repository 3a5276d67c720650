/**
 * What a first start needs and later starts find: the secret that core and gateway share, the database's key,
 * the core's certificate. Runs before both, with no network.
 *
 * `/keys` (core alone): `db-key`. `/link` (core and gateway, read-only there): `gateway-secret`,
 * `core-cert.pem`. `/data`: the core's, with its private key.
 */
import { toHex } from "../../schema/bytes.ts";
import { replaceFile } from "../../server-common/replace_file.ts";
import { keptCertificate } from "../../server-core/certificate.ts";

export interface Folders {
  data: string;
  link: string;
  keys: string;
}

/**
 * Makes what is missing and leaves alone what is there.
 *
 * @param encrypted whether the core is told to use `db-key` (`QPQ_DB_KEY_FILE`)
 * @throws Error when there is a database whose key is gone: a new key could never open it
 */
export async function setUp({ data, link, keys }: Folders, encrypted: boolean, nowMs: number): Promise<void> {
  await keepSecret(`${link}/gateway-secret`);
  if (encrypted && !await exists(`${keys}/db-key`)) {
    if (await exists(`${data}/qpq.db`)) {
      throw new Error(
        `${data}/qpq.db is there but ${keys}/db-key is not: put the key back, or set QPQ_DB_KEY_FILE to ` +
          `nothing for a database without encryption`,
      );
    }
    await keepSecret(`${keys}/db-key`);
  }
  const { certificatePem } = await keptCertificate(data, nowMs);
  await replaceFile(`${link}/core-cert.pem`, certificatePem, 0o644);
}

async function keepSecret(path: string): Promise<void> {
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

if (import.meta.main) {
  try {
    await setUp(
      { data: "/data", link: "/link", keys: "/keys" },
      (Deno.env.get("QPQ_DB_KEY_FILE") ?? "") !== "",
      Date.now(),
    );
  } catch (error) {
    console.error(`qpq-setup: error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}

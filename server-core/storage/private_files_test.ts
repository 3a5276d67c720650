import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { random, sha256 } from "../testing/seed.ts";
import { withTempDir } from "../testing/quic.ts";
import { BlobFiles } from "../delivery/blob_files.ts";
import { keptCertificate } from "../certificate.ts";
import { StorageFormatError } from "./errors.ts";
import { makePrivate } from "./private_files.ts";
import { openDatabase, openExisting } from "./sqlite/open.ts";
import { sqliteOperatorStore } from "./sqlite/operator/operator_store.ts";

const unix = Deno.build.os !== "windows";
const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

/** Every file below a folder with its mode. */
function modesIn(folder: string): [string, number][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }): [string, number][] => {
    const path = `${folder}/${name}`;
    return isDirectory ? [[path, modeOf(path)], ...modesIn(path)] : [[path, modeOf(path)]];
  });
}

/** Runs with files open to everybody, as some systems make them. */
async function withUmask0(work: () => Promise<void>): Promise<void> {
  const before = Deno.umask(0);
  try {
    await work();
  } finally {
    Deno.umask(before);
  }
}

Deno.test("SERVERS 10: all that the core writes is for its user alone at any umask, but its certificate", () =>
  withTempDir((folder) =>
    withUmask0(async () => {
      const dataDir = `${folder}/data`;
      Deno.mkdirSync(dataDir, { mode: 0o700 });
      const db = openDatabase({ dataDir });
      db.exec("CREATE TABLE more (a)");
      await keptCertificate(dataDir, Date.now());
      const blobs = await BlobFiles.open(`${dataDir}/blobs`);
      const blob = random(100);
      await blobs.put(
        sha256(blob),
        blob.length,
        (async function* () {
          yield blob;
        })(),
        () => Promise.resolve(),
        () => Promise.resolve(false),
      );
      await sqliteOperatorStore({ dataDir, now: Date.now }).backUp({ file: `${folder}/backup` });
      const open = [...modesIn(dataDir), [`${folder}/backup`, modeOf(`${folder}/backup`)] as const]
        .filter(([, mode]) => (mode & 0o077) !== 0).map(([path]) => path);
      db.close();
      assert.deepEqual(open, unix ? [`${dataDir}/core-cert.pem`] : []);
    })
  ));

Deno.test("SERVERS 10: a database of an earlier version, open to others, is closed to them when it is opened", () =>
  withTempDir((dataDir) => {
    Deno.chmodSync(dataDir, 0o755);
    openDatabase({ dataDir }).close();
    for (const open of [openDatabase, openExisting]) {
      Deno.chmodSync(`${dataDir}/qpq.db`, 0o644);
      open({ dataDir }).close();
      if (unix) assert.equal(modeOf(`${dataDir}/qpq.db`), 0o600);
    }
    return Promise.resolve();
  }));

Deno.test("SERVERS 10: makePrivate() refuses a file that stays open, unless its folder keeps everybody out", () =>
  withTempDir((folder) => {
    const path = `${folder}/qpq.db`;
    Deno.writeTextFileSync(path, "");
    Deno.chmodSync(path, 0o644);
    const denied = () => {
      throw new Deno.errors.PermissionDenied("not the owner");
    };
    for (const chmod of [denied, () => {}]) {
      Deno.chmodSync(folder, 0o755);
      assert.throws(
        () => makePrivate(path, chmod),
        (error) =>
          error instanceof StorageFormatError && /qpq\.db is open to other users \(mode 644\)/.test(error.message),
      );
      Deno.chmodSync(folder, 0o700);
      makePrivate(path, chmod);
    }
    makePrivate(`${folder}/none`);
    return Promise.resolve();
  }));

Deno.test("SERVERS 10: a certificate is never half written: what is not whole has another name", () =>
  withTempDir(async (dataDir) => {
    Deno.writeTextFileSync(`${dataDir}/core-key.pem.new`, "half a k");
    const { pin } = await keptCertificate(dataDir, Date.now());
    assert.equal(toHex((await keptCertificate(dataDir, Date.now())).pin), toHex(pin));
    const names = [...Deno.readDirSync(dataDir)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["core-cert.pem", "core-key.pem"]);
  }));

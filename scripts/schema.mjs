/**
 * `npm run schema`: generates schema/generated/node.ts from schema/node.capnp. With `--check` it only says
 * whether the committed file is what the schema gives.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { installDebianPackages, installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

const generated = `${root}/schema/generated/node.ts`;

function generate() {
  const folder = mkdtempSync(`${tmpdir()}/qpq-schema-`);
  try {
    writeFileSync(`${folder}/node.capnp`, readFileSync(`${root}/schema/node.capnp`));
    execFileSync(process.execPath, [`${root}/node_modules/.bin/capnp-es`, "-ots", "node.capnp"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return readFileSync(`${folder}/node.ts`, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

installPackages();
installDebianPackages({ capnp: "capnproto" });
const fresh = generate();
if (!process.argv.includes("--check")) writeFileSync(generated, fresh);
else if (readFileSync(generated, "utf8") !== fresh) {
  console.error("schema/generated/node.ts is stale: run npm run schema");
  process.exit(1);
}

/**
 * `npm run schema`: generates schema/generated/*.ts from schema/*.capnp. With `--check` it only says whether the
 * committed files are what the schema gives.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { installDebianPackages, installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

const names = ["node", "authentication", "delivery"];

function generate() {
  const folder = mkdtempSync(`${tmpdir()}/qpq-schema-`);
  try {
    for (const name of names) writeFileSync(`${folder}/${name}.capnp`, readFileSync(`${root}/schema/${name}.capnp`));
    const files = names.map((name) => `${name}.capnp`);
    execFileSync(process.execPath, [`${root}/node_modules/.bin/capnp-es`, "-ots", ...files], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return names.map((name) => ({ name, text: readFileSync(`${folder}/${name}.ts`, "utf8") }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

installPackages();
installDebianPackages({ capnp: "capnproto" });
for (const { name, text } of generate()) {
  const committed = `${root}/schema/generated/${name}.ts`;
  if (!process.argv.includes("--check")) writeFileSync(committed, text);
  else if (readFileSync(committed, "utf8") !== text) {
    console.error(`schema/generated/${name}.ts is stale: run npm run schema`);
    process.exit(1);
  }
}

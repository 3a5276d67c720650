/**
 * `npm run sbom`: writes dist/sbom.json, what the image and the app are made of (CycloneDX): npm's own list
 * from package-lock.json, development packages left out.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

installPackages();
const sbom = execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  stdio: ["ignore", "pipe", "inherit"],
});
const { components } = JSON.parse(sbom);
mkdirSync(`${root}/dist`, { recursive: true });
writeFileSync(`${root}/dist/sbom.json`, sbom);
console.log(`dist/sbom.json: ${components.length} packages`);

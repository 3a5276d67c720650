/**
 * `npm run package`: builds a Debian package with both servers, Deno and the app, for machines without Docker:
 * `dist/quicproquo_VERSION_ARCHITECTURE.deb`. It needs `dpkg-deb`, and nothing of the network beyond npm's packages.
 *
 * `node scripts/package.mjs OUT` writes it into another folder.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { resolve } from "node:path";
import { copyDeno, layOutApp } from "./app_layout.mjs";
import { buildIfStale } from "./build.mjs";
import { installPackages } from "./install.mjs";
import { packagePermissions } from "./package/permissions.mjs";
import { root, webRoot } from "./paths.mjs";

const out = resolve(process.argv[2] ?? `${root}/dist`);
const templates = `${root}/scripts/package`;
const architecture = { x64: "amd64", arm64: "arm64" }[arch()];
if (!architecture) throw new Error(`no package is made for ${arch()}`);
const { version, description } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

installPackages();
// Another app may be given, as to the gateway.
const web = process.env.QPQ_WEB_ROOT || webRoot;
if (web === webRoot) buildIfStale();

const folder = mkdtempSync(`${tmpdir()}/qpq-package-`);
// It becomes the root of whoever installs it.
chmodSync(folder, 0o755);
try {
  const library = `${folder}/usr/lib/quicproquo`;
  layOutApp(`${library}/app`, { permissions: packagePermissions, web });
  copyDeno(`${library}/deno`);
  for (const role of ["core", "gateway"]) place(`${role}.env`, `${library}/${role}.env`);
  for (const unit of ["core.service", "gateway.service", "backup.service", "backup.timer"]) {
    place(unit, `${folder}/usr/lib/systemd/system/quicproquo-${unit}`);
  }
  place("debian/qpq-server", `${folder}/usr/bin/qpq-server`, 0o755);
  const settings = ["core.env", "gateway.env"].map((name) => `/etc/quicproquo/${name}`);
  for (const path of settings) place(`debian/${path.split("/").at(-1)}`, `${folder}${path}`, 0o640);
  for (const script of ["postinst", "prerm"]) place(`debian/${script}`, `${folder}/DEBIAN/${script}`, 0o755);
  writeFileSync(`${folder}/DEBIAN/conffiles`, settings.map((path) => `${path}\n`).join(""));
  writeFileSync(`${folder}/DEBIAN/control`, control());
  mkdirSync(out, { recursive: true });
  const file = `${out}/quicproquo_${version}_${architecture}.deb`;
  // Everything belongs to root, whoever builds it. gzip: Deno's binary takes xz a minute.
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", "-Zgzip", folder, file], {
    stdio: ["ignore", process.stderr, process.stderr],
  });
  console.log(file);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function place(template, path, mode = 0o644) {
  mkdirSync(resolve(path, ".."), { recursive: true, mode: 0o755 });
  cpSync(`${templates}/${template}`, path);
  chmodSync(path, mode);
}

/** Deno's binary needs the C library alone. */
function control() {
  const size = execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0];
  return `Package: quicproquo
Version: ${version}
Architecture: ${architecture}
Maintainer: quicproquo <root@localhost>
Section: net
Priority: optional
Installed-Size: ${size}
Depends: adduser, libc6 (>= 2.31), libgcc-s1, util-linux
Description: ${description}
 Server core, gateway and app, with systemd units. Settings are in
 /etc/quicproquo, data and keys in /var/lib/quicproquo.
`;
}

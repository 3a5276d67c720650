/**
 * Builds the app and lays out the image's root folder: `node scripts/containers/image.mjs OUT
 * [BUILD-KEY-FILE]`. Runs inside the Dockerfile's build stage, where packages are installed.
 *
 * What goes in: the built app and the servers (app_layout.mjs), the Deno binary and the shared libraries that `ldd`
 * names.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { copyDeno, layOutApp } from "../app_layout.mjs";
import { buildApp } from "../build.mjs";
import { deno, root } from "../paths.mjs";
import { imagePermissions } from "./image_permissions.mjs";

/** The user of both roles. */
const uid = 10001;
/** Folders that volumes are mounted on; a new volume takes its owner from here. */
const volumes = ["/data", "/link", "/keys", "/backup"];

const [out, keyFile] = process.argv.slice(2);
if (!out) throw new Error("usage: node scripts/containers/image.mjs OUT [BUILD-KEY-FILE]");
if (keyFile && existsSync(keyFile)) process.env.QPQ_BUILD_KEY_FILE = keyFile;

buildApp();

layOutApp(`${out}/app`, { permissions: imagePermissions, tasks: tasks() });

copyDeno(`${out}/usr/local/bin/deno`);
const sqlite = `${root}/node_modules/better-sqlite3-multiple-ciphers/prebuilds/linux-${process.arch}.node`;
for (const library of new Set([...librariesOf(deno), ...librariesOf(sqlite)])) {
  mkdirSync(dirname(`${out}${library}`), { recursive: true });
  cpSync(realpathSync(library), `${out}${library}`);
}

mkdirSync(`${out}/etc`, { recursive: true });
writeFileSync(`${out}/etc/passwd`, `root:x:0:0::/:/nologin\nqpq:x:${uid}:${uid}::/tmp:/nologin\n`);
writeFileSync(`${out}/etc/group`, `root:x:0:\nqpq:x:${uid}:\n`);
writeFileSync(`${out}/etc/nsswitch.conf`, "hosts: files dns\n");
mkdirSync(`${out}/tmp`, { recursive: true });
chmodSync(`${out}/tmp`, 0o1777);
for (const folder of ["tls", "core-tls"]) mkdirSync(`${out}/${folder}`);
for (const volume of volumes) {
  mkdirSync(`${out}${volume}`);
  chmodSync(`${out}${volume}`, 0o700);
  chownSync(`${out}${volume}`, uid, uid);
}

/** `deno task` runs these without a shell: `docker compose exec core deno task qpq-server status`. */
function tasks() {
  return { "qpq-server": "deno run --no-prompt --quiet --cached-only -P=operator server-core/main.ts" };
}

/** @returns {string[]} absolute paths, the dynamic loader included */
function librariesOf(program) {
  const names = execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+(?= \(0x)/g) ?? [];
  if (names.length === 0) throw new Error(`ldd names no library of ${program}`);
  return names;
}

/**
 * A Docker engine, docker-compose and a base image, from Debian's packages and npm's, without installing any
 * of them and without an image registry.
 *
 * The base image stands in for the official `node:24-bookworm-slim`: Debian packages of bookworm with Node 24
 * and npm, and npm's cache filled with what the lock file names, so that `npm ci` of the unmodified
 * Dockerfile finds its packages with no network.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { aptGet } from "../install.mjs";
import { root } from "../paths.mjs";

const python =
  "dotenv yaml docker dockerpty docopt attr pyrsistent jsonschema texttable requests websocket urllib3 idna " +
  "certifi chardet charset-normalizer distro six packaging";
/** The engine's own name service reaches a container through a rule of iptables. */
const iptables = [
  "iptables",
  "libxtables12",
  "libip4tc2",
  "libip6tc2",
  "libmnl0",
  "libnfnetlink0",
  "libnetfilter-conntrack3",
  "libnftnl11",
];
const enginePackages = [
  "docker.io",
  "containerd",
  "runc",
  "tini",
  "docker-compose",
  ...iptables,
  ...python.split(" ").map((name) => `python3-${name}`),
];
/** A shell, the C library, and what a build step calls. */
const basePackages = [
  "base-files",
  "base-passwd",
  "bash",
  "coreutils",
  "dash",
  "debianutils",
  "findutils",
  "gcc-12-base",
  "grep",
  "gzip",
  "libacl1",
  "libattr1",
  "libc-bin",
  "libc6",
  "libcrypt1",
  "libgcc-s1",
  "libgmp10",
  "libpcre2-8-0",
  "libselinux1",
  "libssl3",
  "libstdc++6",
  "libtinfo6",
  "sed",
  "tar",
];
const baseTag = "node:24-bookworm-slim";
const nodeVersion = "24.9.0";
const npmVersion = "11.6.0";

function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
      ...options,
    });
  } catch (error) {
    throw new Error(
      `${command} ${args.slice(0, 3).join(" ")} …: ${
        String(error.stderr ?? error.message).trim().split("\n").slice(-5).join("\n")
      }`,
    );
  }
}

/** Debian packages laid out in a folder. */
function unpackDebian(packages, folder) {
  const downloads = mkdtempSync(`${folder}-debs-`);
  try {
    try {
      run("apt-get", ["download", "-qq", ...packages], { cwd: downloads });
    } catch {
      aptGet(["update"]);
      run("apt-get", ["download", "-qq", ...packages], { cwd: downloads });
    }
    for (const name of readdirSync(downloads)) run("dpkg", ["-x", `${downloads}/${name}`, folder]);
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

/** Makes a folder whole or not at all: under another name first. */
function once(folder, make) {
  if (existsSync(folder)) return;
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  make(unfinished);
  renameSync(unfinished, folder);
}

/**
 * @param {string} cache the folder that keeps it all
 * @returns {Promise<string>} the cache folder: `engine-1/` (binaries), `base.tar` and `base.tag` (the image
 *   to import), `data/` (the engine's own)
 */
export async function prepareEngine(cache) {
  mkdirSync(cache, { recursive: true });
  once(`${cache}/engine-1`, (folder) => {
    unpackDebian(enginePackages, folder);
    for (
      const name of [
        "iptables",
        "iptables-save",
        "iptables-restore",
        "ip6tables",
        "ip6tables-save",
        "ip6tables-restore",
      ]
    ) {
      rmSync(`${folder}/usr/sbin/${name}`, { force: true });
      symlinkSync("xtables-legacy-multi", `${folder}/usr/sbin/${name}`);
    }
  });
  writeRuncWrapper(cache);
  const lock = readFileSync(`${root}/package-lock.json`, "utf8");
  const version = createHash("sha256").update(lock).update(
    readFileSync(import.meta.filename ?? `${root}/scripts/containers/prepare.mjs`),
  ).digest("hex").slice(0, 12);
  if (
    existsSync(`${cache}/base.version`) && readFileSync(`${cache}/base.version`, "utf8") === version &&
    existsSync(`${cache}/base.tar`)
  ) return cache;
  makeBase(cache, lock);
  writeFileSync(`${cache}/base.version`, version);
  return cache;
}

export { baseTag };

function makeBase(cache, lock) {
  const folder = `${cache}/base`;
  rmSync(folder, { recursive: true, force: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    mkdirSync(`${folder}/usr/${name}`, { recursive: true });
    symlinkSync(`usr/${name}`, `${folder}/${name}`);
  }
  unpackDebian(basePackages, folder);
  for (const name of ["dev", "proc", "sys", "tmp", "root", "etc"]) mkdirSync(`${folder}/${name}`, { recursive: true });
  chmodSync(`${folder}/tmp`, 0o1777);
  cpSync(`${folder}/usr/share/base-passwd/passwd.master`, `${folder}/etc/passwd`);
  cpSync(`${folder}/usr/share/base-passwd/group.master`, `${folder}/etc/group`);
  const local = `${folder}/usr/local`;
  mkdirSync(`${local}/bin`, { recursive: true });
  npmPackage(cache, `node-linux-${process.arch}@${nodeVersion}`, `${cache}/node`);
  cpSync(`${cache}/node/bin/node`, `${local}/bin/node`);
  npmPackage(cache, `npm@${npmVersion}`, `${local}/lib/node_modules/npm`);
  for (const [name, file] of [["npm", "npm-cli.js"], ["npx", "npx-cli.js"]]) {
    symlinkSync(`../lib/node_modules/npm/bin/${file}`, `${local}/bin/${name}`);
  }
  fillNpmCache(`${folder}/opt/npm-cache`, cache, lock);
  mkdirSync(`${local}/etc`, { recursive: true });
  const registry = run("npm", ["config", "get", "registry"], { cwd: root }).trim();
  writeFileSync(
    `${local}/etc/npmrc`,
    `cache=/opt/npm-cache\noffline=true\nregistry=${registry}\nupdate-notifier=false\n`,
  );
  run("tar", ["-C", folder, "-cf", `${cache}/base.tar`, "."]);
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${cache}/node`, { recursive: true, force: true });
}

/** One package of the npm registry, unpacked. */
function npmPackage(cache, spec, folder) {
  const downloads = mkdtempSync(`${cache}/pack-`);
  try {
    run("npm", ["pack", "--silent", "--pack-destination", downloads, spec], { cwd: downloads });
    mkdirSync(folder, { recursive: true });
    run("tar", ["-xzf", `${downloads}/${readdirSync(downloads)[0]}`, "-C", folder, "--strip-components=1"]);
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

/** npm fetches the lock file's packages into a cache of their own, from its common cache where that has them. */
function fillNpmCache(npmCache, cache, lock) {
  const project = mkdtempSync(`${cache}/npm-`);
  try {
    for (const name of ["package.json", ".npmrc"]) cpSync(`${root}/${name}`, `${project}/${name}`);
    writeFileSync(`${project}/package-lock.json`, lock);
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--cache", npmCache], {
      cwd: project,
    });
    rmSync(`${npmCache}/_logs`, { recursive: true, force: true });
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/**
 * Without CAP_SYS_RESOURCE nobody may raise a hard limit, which runc would do for every container: the
 * wrapper takes out what lies above ours.
 */
function writeRuncWrapper(cache) {
  const source = `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const args = process.argv.slice(2);
const after = (flag) => args[args.indexOf(flag) + 1];
const given = (flag) => args.includes(flag) ? after(flag) : undefined;
const bundle = given("--bundle");
const file = args.includes("exec") ? given("--process") : bundle && bundle + "/config.json";
if (file) {
  const own = readFileSync("/proc/self/limits", "utf8");
  const hard = (name) => Number((own.match(new RegExp(name + "\\\\s+\\\\S+\\\\s+(\\\\d+)")) ?? [0, Infinity])[1]);
  const limits = { RLIMIT_NOFILE: hard("Max open files"), RLIMIT_NPROC: hard("Max processes") };
  const spec = JSON.parse(readFileSync(file, "utf8"));
  const inner = spec.process ?? spec;
  inner.rlimits = (inner.rlimits ?? []).filter(({ type, hard }) => !(hard > limits[type]));
  writeFileSync(file, JSON.stringify(spec));
}
const { status, signal } = spawnSync(${JSON.stringify(`${cache}/engine-1/usr/sbin/runc`)}, args, { stdio: "inherit" });
process.exit(signal ? 1 : status ?? 1);
`;
  writeFileSync(`${cache}/runc-nl.cjs`, source, { mode: 0o755 });
}

/**
 * Runs inside the private namespaces of scripts/containers.mjs: mounts what an engine needs, starts it,
 * imports the base image, runs the tests (containers.spec.ts), ends it all.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "../paths.mjs";
import { baseTag } from "./prepare.mjs";

const [cache, counts, ...names] = process.argv.slice(2);
const engine = `${cache}/engine-1`;
const docker = `${engine}/usr/bin/docker`;
const controllers = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"];

function must(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

function mountAll() {
  must("ip", ["link", "set", "lo", "up"]);
  must("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  mkdirSync("/etc/docker", { recursive: true });
  must("mount", ["-t", "tmpfs", "tmpfs", "/etc/docker"]);
  must("umount", ["-R", "/sys/fs/cgroup"]);
  must("mount", ["-t", "tmpfs", "tmpfs", "/sys/fs/cgroup"]);
  for (const controller of controllers) {
    mkdirSync(`/sys/fs/cgroup/${controller}`);
    must("mount", ["-t", "cgroup", "-o", controller, "cgroup", `/sys/fs/cgroup/${controller}`]);
  }
}

/** @returns {Promise<import("node:child_process").ChildProcess>} when the engine answers */
async function startEngine(work) {
  const hardLimit = /Max open files\s+\S+\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "1024";
  const log = openSync(`${cache}/dockerd.log`, "w");
  const args = [
    "--data-root",
    `${cache}/data`,
    "--exec-root",
    `${work}/exec`,
    "--pidfile",
    `${work}/pid`,
    "-H",
    String(process.env.DOCKER_HOST),
    "--storage-driver",
    "overlay2",
    "--exec-opt",
    "native.cgroupdriver=cgroupfs",
    // As docs/operate.md says for engines before 27: a person's address reaches a container by rules for IPv6 alone.
    "--experimental",
    "--ip6tables",
  ];
  args.push(
    "--default-ulimit",
    `nofile=1024:${hardLimit}`,
    "--oom-score-adjust",
    "0",
    "--add-runtime",
    `nl=${cache}/runc-nl.cjs`,
    "--default-runtime",
    "nl",
  );
  const libraries = readdirSync(`${engine}/usr/lib`).filter((name) => name.endsWith("-linux-gnu")).map((name) =>
    `${engine}/usr/lib/${name}`
  );
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(":"), XTABLES_LIBDIR: `${libraries[0]}/xtables` };
  const daemon = spawn("dockerd", args, { stdio: ["ignore", log, log], env });
  let ended = false;
  daemon.once("exit", () => (ended = true));
  for (let waited = 0; waited < 30_000 && !ended; waited += 200) {
    if (spawnSync(docker, ["version"], { stdio: "ignore" }).status === 0) return daemon;
    await pause(200);
  }
  throw new Error(
    `dockerd is not ready:\n${readFileSync(`${cache}/dockerd.log`, "utf8").split("\n").slice(-15).join("\n")}`,
  );
}

/** The stand-in for the official image, once for each version of it. */
function importBase() {
  const version = readFileSync(`${cache}/base.version`, "utf8");
  const mark = `${cache}/data/imported-${version}`;
  if (existsSync(mark) && spawnSync(docker, ["image", "inspect", baseTag], { stdio: "ignore" }).status === 0) return;
  must(docker, ["import", `${cache}/base.tar`, baseTag]);
  writeFileSync(mark, "");
}

const work = mkdtempSync("/tmp/qpq-containers-");
let exitCode = 1;
let daemon;
try {
  mountAll();
  process.env.DOCKER_HOST = `unix://${work}/sock`;
  process.env.PATH = `${engine}/usr/sbin:${engine}/usr/bin:${process.env.PATH}`;
  process.env.QPQ_TEST_DOCKER = docker;
  process.env.QPQ_TEST_COMPOSE = `${engine}/usr/bin/docker-compose`;
  process.env.QPQ_TEST_PYTHONPATH = `${engine}/usr/lib/python3/dist-packages`;
  daemon = await startEngine(work);
  importBase();
  const playwright = createRequire(import.meta.url).resolve("@playwright/test/cli");
  // Not spawnSync: as process 1 of its namespace this one has children to reap.
  const config = `${root}/scripts/containers/playwright.config.ts`;
  const tests = spawn(process.execPath, [playwright, "test", "-c", config, ...names], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: counts },
  });
  exitCode = await new Promise((resolve) => tests.once("exit", (code) => resolve(code ?? 1)));
} catch (error) {
  console.error(`Containers can not be tested here: ${error.message}`);
} finally {
  if (daemon) {
    daemon.kill("SIGTERM");
    await Promise.race([new Promise((resolve) => daemon.once("exit", resolve)), pause(10_000)]);
  }
  rmSync(work, { recursive: true, force: true });
}
process.exit(exitCode);

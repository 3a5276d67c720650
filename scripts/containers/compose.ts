/** docker and docker-compose, as an operator calls them, in a project of the test's own. */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const {
  QPQ_TEST_DOCKER: dockerProgram = "docker",
  QPQ_TEST_COMPOSE: composeProgram = "",
  QPQ_TEST_PYTHONPATH: pythonPath = "",
} = process.env;
const project = "qpqtest";

const first = {
  QPQ_OPAQUE_PER_IP_PER_MINUTE: "1000",
  QPQ_HEALTH_INTERVAL: "5s",
  QPQ_BUILD_COMMIT: "ab".repeat(20),
  SOURCE_DATE_EPOCH: "1700000000",
};

/** What stands in `.env` for these tests; everything else is as it comes. */
export const settings: Record<string, string> = { ...first };

/** Forgets the settings that tests have made: the files of tests share a process. */
export function resetSettings(): void {
  for (const name of Object.keys(settings)) delete settings[name];
  Object.assign(settings, first);
}

function run(program: string, args: string[], env: Record<string, string> = {}): string {
  return execFileSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
}

export function docker(...args: string[]): string {
  return run(dockerProgram, args);
}

/** docker-compose 1.29.2, with the engine's BuildKit. */
export function compose(...args: string[]): string {
  const env = { ...settings, PYTHONPATH: pythonPath, DOCKER_BUILDKIT: "1", COMPOSE_DOCKER_CLI_BUILD: "1" };
  return run("/usr/bin/python3", [composeProgram, "-p", project, ...args], env);
}

interface Container {
  State: { Status: string; ExitCode: number; Health?: { Status: string; Log: { Output: string }[] } };
  Config: { Healthcheck?: { Test: string[] } };
  HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; Memory: number; PidsLimit: number };
}

/** The id of a service's container, running or not. */
export function idOf(service: string): string {
  return docker(
    "ps",
    "-aq",
    "--filter",
    `label=com.docker.compose.project=${project}`,
    "--filter",
    `label=com.docker.compose.service=${service}`,
  ).trim();
}

/** What the engine says of a service's container. */
export function inspect(service: string): Container {
  return JSON.parse(docker("inspect", idOf(service)))[0] as Container;
}

/** The command of a service's health check. */
export function healthCheckOf(service: string): string[] {
  return inspect(service).Config.Healthcheck!.Test.slice(1);
}

/** Runs Deno code in a running container, under the permissions that the service has. */
export function evaluate(service: string, code: string): string {
  return compose("exec", "-T", service, "/usr/local/bin/deno", "eval", "--no-config", code);
}

/** Where qpq keeps a state that nobody has named, as a process. */

import assert from "node:assert/strict";
import { Shell } from "./testing/shell.ts";

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

/** No server is asked. */
function folderWithShell() {
  const folder = Deno.makeTempDirSync({ prefix: "qpq-cli-" });
  const shell = new Shell({ folder, address: "127.0.0.1:7443", pin: "00".repeat(32) });
  const home = `${folder}/home`;
  Deno.mkdirSync(home);
  const environment = { QPQ_STATE: "", QPQ_DEFAULT_STATE: "/nowhere/of the shell.db", XDG_STATE_HOME: "", HOME: home };
  // By the launcher, which finds the state.
  const whoami = async (more: Record<string, string> = {}) => {
    const { code, stderr } = await shell.run("anybody", "exec qpq whoami", { ...environment, ...more });
    assert.deepEqual([code, stderr.split("\n")[0]], [3, "qpq: error: L002 nobody is signed in"]);
  };
  return { folder, home, shell, whoami, remove: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("qpq makes its state in the user's folder of states, open to nobody else", async () => {
  const { folder, home, whoami, remove } = folderWithShell();
  try {
    await whoami();
    assert.equal(modeOf(`${home}/.local/state/qpq`), 0o700);
    assert.equal(modeOf(`${home}/.local/state/qpq/state.db`), 0o600);
    await whoami({ XDG_STATE_HOME: `${folder}/states` });
    assert.equal(modeOf(`${folder}/states/qpq/state.db`), 0o600);
  } finally {
    await remove();
  }
});

Deno.test("qpq finds a state of an earlier version in the present folder, and leaves it there", async () => {
  const { home, shell, whoami, remove } = folderWithShell();
  try {
    await whoami({ QPQ_STATE: "qpq-state.db" });
    const { ino } = Deno.statSync(`${shell.folder}/qpq-state.db`);
    await whoami();
    assert.equal(Deno.statSync(`${shell.folder}/qpq-state.db`).ino, ino);
    assert.throws(() => Deno.statSync(`${home}/.local`), Deno.errors.NotFound);
  } finally {
    await remove();
  }
});

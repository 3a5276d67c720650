/**
 * How long a device that signs in waits for its chats: from the call that puts it into the account's device list until
 * it shows the first message of each chat. Engines over QUIC against a core process of its own, with the clocks and
 * delays of real use. Prints one JSON object.
 */

import { password, Person } from "../client/testing/person.ts";
import { Wiretap } from "../client/testing/wiretap.ts";
import { QuicTransport } from "../cli/transport/quic.ts";
import type { MovableTime } from "../client/testing/movable_time.ts";
import { systemEnvironment } from "../client/runtime/environment.ts";
import { type ServerProcess, startProcess, withTempDir } from "../server-core/testing/quic.ts";
import { percentiles } from "./statistics.mjs";

const chats = 3;
/** Enough KeyPackages for the chats; a person's device makes 20. */
const environment = { ...systemEnvironment, wantedKeyPackages: 5 };

/** A core process as people of tests want it. */
function coreOf(server: ServerProcess) {
  const transport = () =>
    new QuicTransport({ ...server.address, serverName: "localhost", trust: { caCerts: [server.caPem] } });
  return { transport, time: { environment: () => environment } as unknown as MovableTime };
}

/** Signs a new device in and waits until it shows a message of each chat. @returns ms since its list was put */
async function added(core: ReturnType<typeof coreOf>, username: string, chatIds: string[], writer: Person) {
  const device = await Person.device(core, username, 7);
  const tap = new Wiretap();
  let putMs = 0;
  tap.holdsAnswer = ({ method }) => {
    if (method === "putDeviceList") putMs = performance.now();
    return undefined;
  };
  device.wrapTransport = tap.wrap;
  await device.engine.close();
  await device.start();
  let isRunning = true;
  const writing = (async () => {
    for (let count = 0; isRunning; count++) {
      for (const chatId of chatIds) await writer.says(chatId, `message ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  await device.engine.signIn(username, password);
  for (const chatId of chatIds) {
    await device.until(
      async () => {
        return await device.chat(chatId) !== undefined && (await device.texts(chatId)).length > 0;
      },
      "a message",
      60_000,
    );
  }
  const doneMs = performance.now();
  isRunning = false;
  await writing;
  await device.close();
  return doneMs - putMs;
}

async function measure(server: ServerProcess, name: string, count: number, ownOnline: boolean) {
  const core = coreOf(server);
  const samples: number[] = [];
  for (let run = 0; run < count; run++) {
    const owner = await Person.join(core, `${name}${run}`, 1, environment);
    const other = await Person.join(core, `${name}${run}peer`, 2, environment);
    const chatIds: string[] = [];
    for (let index = 0; index < chats; index++) {
      chatIds.push(await owner.engine.startChat([other.username], `Chat ${index}`));
    }
    for (const chatId of chatIds) {
      await other.sees(chatId);
      await other.engine.acceptInvitation(chatId);
    }
    for (const person of [owner, other]) await person.engine.settled(AbortSignal.timeout(60_000));
    if (!ownOnline) await owner.close();
    samples.push(await added(core, owner.username, chatIds, other));
    if (ownOnline) await owner.close();
    await other.close();
  }
  return percentiles(samples);
}

await withTempDir(async (dataDir) => {
  const server = await startProcess(dataDir, {
    QPQ_OPAQUE_PER_IP_PER_MINUTE: "10000",
    QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE: "10000",
  });
  const own = await measure(server, "own", 10, true);
  const other = await measure(server, "other", 10, false);
  console.log(JSON.stringify({ chats, own, other }));
  server.kill("SIGTERM");
  await server.status;
});

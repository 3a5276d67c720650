/** People whose browsers reach the app through nginx, as docs/operate.md has it, in a network without UDP. */

import { chromium } from "@playwright/test";
// @ts-ignore: plain JavaScript with JSDoc types
import { headlessShell } from "../scripts/test/chromium.mjs";
import { Person } from "./person.ts";
import { expect, Stack, test } from "./stack.ts";
import { publicHost, startNginx } from "./testing/reverse_proxy.ts";

test("SERVERS 11: two people chat through nginx, over HTTPS alone", async () => {
  const stack = new Stack({
    blockUdp: true,
    gatewayEnv: { QPQ_PUBLIC_HOST: publicHost, QPQ_TRUST_PROXY: "127.0.0.1" },
  });
  await stack.start();
  const proxy = await startNginx(Number(new URL(stack.url).port));
  const browser = await chromium.launch({
    ...headlessShell,
    args: [
      ...headlessShell.args,
      `--host-resolver-rules=MAP ${publicHost}:443 127.0.0.1:${proxy.port}`,
      "--ignore-certificate-errors",
    ],
  });
  try {
    const people = [];
    for (const name of ["alice", "bob"]) {
      const person = await Person.open(browser, `https://${publicHost}`, name);
      await person.createAccount();
      expect(await person.transport()).toBe("HTTPS");
      people.push(person);
    }
    const [alice, bob] = people;
    await alice.startChat(["bob"]);
    await bob.openChat("alice");
    await alice.send("through nginx");
    await bob.expectTexts("alice", /through nginx/, ["through nginx"]);
    await alice.allSent("bob", /through nginx/);
    for (const { problems } of people) expect(problems).toEqual([]);
  } finally {
    await browser.close();
    await proxy[Symbol.asyncDispose]();
    await stack.stop();
  }
});

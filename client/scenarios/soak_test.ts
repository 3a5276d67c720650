import assert from "node:assert/strict";
import { TestCore } from "../testing/core.ts";
import { Person } from "../testing/person.ts";
import { testEnvironment } from "../testing/test_environment.ts";
import { soak } from "../testing/soak/soak.ts";

const seed = Number(Deno.env.get("QPQ_SEED") ?? 7);

Deno.test("20 clients at random end in one epoch and transcript: nothing lost, nothing twice", async () => {
  const { wrong, epoch, accepted, deliveries } = await soak({ clients: 20, steps: 100, seed, patienceMs: 60_000 });
  assert.deepEqual(wrong.slice(0, 20), [], `again: QPQ_SEED=${seed} npm run soak -- --clients 20 --steps 100`);
  assert.ok(
    epoch >= 3 && accepted >= 20 && deliveries >= 200,
    `too little happened: epoch ${epoch}, ${accepted} messages, ${deliveries} deliveries`,
  );
});

Deno.test("10 clients that each want 3 commits at once all get through, and nobody starves", async () => {
  const [clients, wishes] = [10, 3];
  const core = await TestCore.start();
  const people: Person[] = [];
  try {
    for (let index = 0; index < clients; index++) {
      people.push(
        await Person.join(core, `stormer${index}`, seed + index, {
          ...core.time.environment(testEnvironment(seed + index, 2)),
          wantedKeyPackages: 4,
        }),
      );
    }
    const [founder, ...others] = people;
    const chatId = await founder.engine.startChat(others.map(({ username }) => username), "storm");
    await Promise.all(others.map((person) => person.sees(chatId)));
    for (const { username } of others) await founder.engine.setRole(chatId, username, "admin");
    await Promise.all(
      people.map((person) => person.sees(chatId, ({ members }) => members.every(({ role }) => role === "admin"))),
    );
    const before = core.log.channel(chatId).members.length;
    // All wishes are there at once; each is a name of its own, so that none is carried out by another.
    await Promise.all(
      people.flatMap(({ engine, username }) =>
        Array.from({ length: wishes }, (_, wish) => engine.renameChat(chatId, `${username} ${wish}`))
      ),
    );
    const { members, conflicts } = core.log.channel(chatId);
    assert.equal(members.length - before, clients * wishes, "every wish is one commit");
    const renamesOf = async (person: Person) =>
      (await person.notices(chatId)).filter((notice) => notice.startsWith("renamed"));
    const titles = new Set<string | undefined>();
    for (const person of people) {
      await person.until(async () => (await renamesOf(person)).length >= clients * wishes, "all names");
      assert.equal(new Set(await renamesOf(person)).size, clients * wishes);
      titles.add((await person.chat(chatId))?.title);
    }
    assert.equal(titles.size, 1, "one name in the end");
    // A commit that loses is refused at most once an epoch: what somebody tries in vain is bounded by what
    // the others achieve.
    for (const [device, count] of conflicts) {
      assert.ok(count <= clients * wishes, `${device.slice(0, 8)} was refused ${count} times`);
    }
  } finally {
    for (const person of people) await person.close();
    await core.idle();
    await core.stop();
  }
});

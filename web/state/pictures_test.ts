import assert from "node:assert/strict";
import { createPictures } from "./pictures.ts";

Deno.test("CONVERSATIONS: a page keeps a bounded number of pictures, and tries again what failed", async () => {
  const asked: string[] = [];
  let reachable = false;
  const pictures = createPictures({
    picture(pictureId) {
      asked.push(pictureId);
      return reachable ? Promise.resolve(Uint8Array.of(0xff, 0xd8)) : Promise.reject(new Error("offline"));
    },
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(pictures.url("one"), undefined);
  await settle();
  assert.equal(pictures.url("one"), undefined);
  assert.deepEqual(asked, ["one"], "not at each drawing");
  reachable = true;
  pictures.retry();
  await settle();
  const first = pictures.url("one");
  assert.match(first ?? "", /^blob:/);
  pictures.retry();
  for (let index = 0; index < 300; index++) pictures.url(`other ${index}`);
  await settle();
  assert.equal(asked.length, 302);
  assert.equal(pictures.url("one"), undefined, "it was forgotten, and is fetched again");
  await settle();
  assert.match(pictures.url("one")!, /^blob:/);
  assert.notEqual(pictures.url("one"), first);
  pictures.clear();
  assert.equal(pictures.url("one"), undefined);
  await settle();
});

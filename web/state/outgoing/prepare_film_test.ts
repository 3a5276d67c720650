import assert from "node:assert/strict";
import { utf8 } from "../../../schema/bytes.ts";
import { filmOf } from "../../../client/content/testing/films.ts";
import { secret } from "../../../client/content/testing/pictures.ts";
import type { ChosenFile } from "./chosen_file.ts";
import { lookAt, prepareFiles } from "./prepare.ts";

const type = "video/quicktime";
const chosen = (file: File, mayTellPlace?: boolean): ChosenFile => {
  const { name, type, size } = file;
  return { id: 1, name, type, size, kind: type === "" ? "file" : "video", file, mayTellPlace, shown: { width: 4 } };
};

async function sentOf(file: File, mayTellPlace?: boolean) {
  const { signal } = new AbortController();
  const [sent] = await prepareFiles({ files: [chosen(file, mayTellPlace)], original: false }, signal);
  return { ...sent, words: await new Response(sent.source.stream()).text() };
}

Deno.test("CONVERSATIONS: a film is sent without what it says of its place, whatever it is called", async () => {
  const film = filmOf();
  for (const file of [new File([film], "IMG_1.MOV", { type }), new File([film], "IMG_1")]) {
    const { words, source, ...sent } = await sentOf(file, false);
    assert.deepEqual(sent, { name: file.name, type: file.type, width: 4 });
    assert.equal(source.size, film.length);
    assert.equal(words.split(secret).length, 2, "none but that among the frames");
  }
  assert.deepEqual(await lookAt(new File([film], "IMG_1")), { kind: "file", mayTellPlace: false });
});

Deno.test("CONVERSATIONS: a film that can not be cleaned is sent where that was said, else not", async () => {
  const broken = new File([filmOf({ end: [utf8("end")] })], "IMG_1", { type: "" });
  assert.deepEqual(await lookAt(broken), { kind: "file", mayTellPlace: true });
  assert.equal((await sentOf(broken, true)).source, broken);
  await assert.rejects(sentOf(broken, false), /IMG_1/);
  const other = new File(["WebM"], "a.webm", { type: "video/webm" });
  assert.equal((await sentOf(other, true)).source, other);
});

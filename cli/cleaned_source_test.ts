/** Files that are sent: what they say of place, time and camera stays behind, and the file on the disk as it is. */

import assert from "node:assert/strict";
import { maxPictureBytes } from "../client/content/strip_metadata.ts";
import { box, filmOf } from "../client/content/testing/films.ts";
import { jpegOf, pngOf, secret, webpOf } from "../client/content/testing/pictures.ts";
import { cleanedSource } from "./cleaned_source.ts";
import type { Failure } from "./failure.ts";
import { Core } from "./testing/core.ts";
import { Shell } from "./testing/shell.ts";

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

async function sourceOf(name: string, content: Uint8Array | string, type = "application/octet-stream", size?: number) {
  const file = new Blob([content as BlobPart]);
  const source = { size: size ?? file.size, stream: () => file.stream() };
  const cleaned = await cleanedSource({ path: name, name, type, source });
  return cleaned && new Uint8Array(await new Response(cleaned.stream()).arrayBuffer());
}

const refused = ({ code, hint, message }: Failure) =>
  code === "L039" && hint!.includes("--with-metadata") && message.includes("--file");

Deno.test("CONVERSATIONS: qpq takes the place out of a picture, known by its bytes", async () => {
  for (const bytes of [jpegOf({ orientation: 6 }), pngOf(), webpOf()]) {
    const sent = await sourceOf("no ending", bytes);
    assert.ok(!text(sent!).includes(secret));
    assert.ok(text(sent!).includes("picture"));
  }
  const turned = text((await sourceOf("a.jpg", jpegOf({ orientation: 6 })))!);
  assert.ok(turned.includes("Exif"), "how it is turned stays");
  assert.equal(await sourceOf("notes.txt", "words", "text/plain"), undefined);
  assert.equal(await sourceOf("empty", ""), undefined);
});

Deno.test("CONVERSATIONS: qpq takes the place out of a film of any length, piece by piece", async () => {
  const long = filmOf({ end: [box("mdat", new Uint8Array(600_000).fill(7))] });
  const sent = (await sourceOf("IMG_1.MOV", long, "video/quicktime"))!;
  assert.equal(sent.length, long.length);
  assert.equal(text(sent).split(secret).length, 2, "none but that among the frames");
  assert.ok(sent.subarray(-600_000).every((byte) => byte === 7));
  await assert.rejects(sourceOf("cut.mp4", long.subarray(0, -1), "video/mp4"), refused);
  assert.equal(await sourceOf("a.webm", "WebM", "video/webm"), undefined);
  assert.equal(await sourceOf("a.m4a", filmOf({ brand: "M4A " }), "audio/mp4"), undefined);
});

Deno.test("CONVERSATIONS: qpq refuses a picture whose metadata can not be taken out", async () => {
  const cut = jpegOf({ orientation: 1, trailer: false }).slice(0, -2);
  await assert.rejects(sourceOf("cut.jpg", cut), refused);
  await assert.rejects(sourceOf("words.png", "no picture", "image/png"), refused);
  await assert.rejects(sourceOf("IMG_1.HEIC", "not known"), refused);
  await assert.rejects(sourceOf("large.png", pngOf(), "image/png", maxPictureBytes + 1), refused);
});

Deno.test("CONVERSATIONS: a picture that qpq sends arrives without its place, or as it is where that is asked", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const core = new Core();
  await core.start();
  const shell = new Shell(core);
  const { quiet: works } = shell;
  const picture = jpegOf({ orientation: 6 });
  await Deno.writeFile(`${shell.folder}/photo.jpg`, picture);
  await Deno.writeFile(`${shell.folder}/cut.jpg`, picture.slice(0, 300));
  try {
    await works("anna", "qpq register anna");
    await works("bert", "qpq register bert");
    await works("anna", "qpq create-group talk");
    await works("anna", "qpq invite talk bert");
    await works("bert", "qpq join");
    const { code, stderr } = await shell.run("anna", "qpq send talk --file cut.jpg");
    assert.equal(code, 1);
    assert.match(stderr, /error: L039 --file: cut\.jpg may say where .*\nqpq: hint: --with-metadata sends it as it is/);
    assert.equal((await shell.run("anna", "qpq send talk words --with-metadata")).code, 2);
    await works("anna", "qpq send talk --file photo.jpg");
    await works("anna", "qpq send talk --file photo.jpg --with-metadata");
    const ids = [...(await works("bert", "qpq recv talk")).matchAll(/\(image (\S+) photo\.jpg/g)].map(([, id]) => id);
    assert.equal(ids.length, 2);
    const saved = async (id: string, name: string) => {
      await works("bert", `qpq save ${id} ${name}`);
      return await Deno.readFile(`${shell.folder}/${name}`);
    };
    const [cleaned, whole] = [await saved(ids[0], "first.jpg"), await saved(ids[1], "second.jpg")];
    assert.ok(!text(cleaned).includes(secret) && text(cleaned).includes("picture"));
    assert.deepEqual(whole, picture);
    assert.deepEqual(await Deno.readFile(`${shell.folder}/photo.jpg`), picture);
  } finally {
    await core.remove();
  }
});

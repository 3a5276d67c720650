/** Files on their way into a message: chosen, pasted, dropped, prepared, sent, stopped. */

import type { Locator, Page } from "@playwright/test";
import { box } from "../../../client/content/testing/films.ts";
import { secret, tiffWithPlace } from "../../../client/content/testing/pictures.ts";
import { expect, expectWhole, signIn, test } from "./fixture.ts";

/** The folder for screenshots, from SHOTS. */
const shots = process.env.SHOTS;

interface Chosen {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

const note = (name: string, bytes = 5): Chosen => ({ name, mimeType: "text/plain", buffer: Buffer.alloc(bytes, "a") });

/** A picture of the browser: left half red, right half blue (or see-through). */
async function picture(page: Page, type: string, width: number, height: number, isClear = false): Promise<Buffer> {
  const base64 = await page.evaluate(async ([type, width, height, isClear]) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d")!;
    context.fillStyle = "red";
    context.fillRect(0, 0, width / 2, height);
    context.fillStyle = isClear ? "transparent" : "blue";
    context.fillRect(width / 2, 0, width / 2, height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }, [type, width, height, isClear] as const);
  return Buffer.from(base64, "base64");
}

/** The JPEG with what a telephone writes into it: how it is turned, and where it was taken. */
function fromTelephone(jpeg: Buffer): Buffer {
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiffWithPlace(6)]);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255]);
  return Buffer.concat([head, exif, jpeg.subarray(2)]);
}

async function openChat(page: Page, url: string, title = "alice"): Promise<void> {
  await signIn(page, url);
  await page.getByRole("link", { name: title }).first().click();
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
}

async function choose(page: Page, files: Chosen[], entry = "File"): Promise<void> {
  await page.getByRole("button", { name: "Attach" }).click();
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
  await (await chooser).setFiles(files);
}

const tray = (page: Page): Locator => page.getByRole("list", { name: "Files to send" });
/** A picture is named by its file alone, and other files by their rows. */
const message = (page: Page, name: string): Locator =>
  page.getByRole("article").filter({ has: page.getByText(name).or(page.getByRole("img", { name })) });
const send = (page: Page): Promise<void> => page.getByRole("button", { name: "Send" }).click();

/** What the page gave the engine, as it is drawn. */
async function sentFiles(page: Page): Promise<Sent[]> {
  return await page.evaluate(async () => {
    const given = (window as unknown as { given: { name: string; type: string; source: Blob }[] }).given;
    return await Promise.all(given.map(async ({ source, ...file }) => {
      const bytes = new Uint8Array(await source.arrayBuffer());
      const words = new TextDecoder("latin1").decode(bytes);
      const drawn = file.type.startsWith("image/") ? await createImageBitmap(source).catch(() => undefined) : undefined;
      const canvas = new OffscreenCanvas(drawn?.width ?? 1, drawn?.height ?? 1).getContext("2d")!;
      if (drawn) canvas.drawImage(drawn, 0, 0);
      const at = (x: number, y: number) => [...canvas.getImageData(x, y, 1, 1).data];
      return {
        ...file,
        bytes: bytes.length,
        place: words.includes("GPS"),
        exif: words.includes("Exif"),
        drawn: drawn && [drawn.width, drawn.height],
        first: at(1, 1),
        last: at(canvas.canvas.width - 2, canvas.canvas.height - 2),
      };
    }));
  }) as Sent[];
}

interface Sent {
  name: string;
  type: string;
  bytes: number;
  place: boolean;
  exif: boolean;
  width?: number;
  height?: number;
  thumbhash?: unknown;
  drawn?: [number, number];
  /** Colours of the corners at the top left and the bottom right. */
  first: number[];
  last: number[];
}

/** Keeps the files of each call of the engine where {@link sentFiles} finds them. */
async function watchFiles(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const given: unknown[] = [];
    Object.assign(window, { given });
    const post = Worker.prototype.postMessage;
    const find = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      if ("source" in value && value.source instanceof Blob) given.push(value);
      else Object.values(value).forEach(find);
    };
    Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]) {
      find(args);
      return (post as (...args: unknown[]) => void).apply(this, args);
    } as typeof post;
  });
}

for (const scheme of ["light", "dark"] as const) {
  for (const width of [1200, 360]) {
    test(`CONVERSATIONS: files go with a text, ${scheme}, ${width} px`, async ({ page, url, problems: _ }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 800 });
      await openChat(page, url);
      const png = { name: "garden.png", mimeType: "image/png", buffer: await picture(page, "image/png", 300, 200) };
      await choose(page, [png, { ...png, name: "a very long name of a picture.png" }], "Photo or video");
      await choose(page, [note("notes.txt", 1_300)]);
      await expect(tray(page).locator("img")).toHaveCount(2);
      await expect(tray(page).getByRole("listitem").filter({ hasText: "notes.txt" })).toContainText("1.3 kB");
      await expect(page.getByRole("checkbox", { name: "Original quality" })).not.toBeChecked();
      await expectWhole(page, `tray ${scheme} ${width}`);
      if (shots) await page.screenshot({ path: `${shots}/tray-${scheme}-${width}.png` });
      await tray(page).getByRole("button", { name: "Remove a very long name of a picture.png" }).click();
      await page.getByRole("textbox", { name: "Message", exact: true }).fill("From the garden");
      await send(page);
      await expect(tray(page)).toHaveCount(0);
      const sent = message(page, "From the garden");
      await expect(sent).toContainText("garden");
      await expect(sent.getByRole("progressbar", { name: "Sending files" })).toBeVisible();
      await expect(sent.getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
      await expect(sent.getByRole("progressbar")).toHaveCount(0);
      await expect(page.getByRole("textbox", { name: "Message", exact: true })).toHaveValue("");
    });
  }
}

test("CONVERSATIONS: a photo of a telephone is sent upright, without place", async ({ page, url, problems: _ }) => {
  await watchFiles(page);
  await openChat(page, url);
  const jpeg = fromTelephone(await picture(page, "image/jpeg", 3_000, 1_500));
  await choose(page, [{ name: "IMG_1.jpg", mimeType: "image/jpeg", buffer: jpeg }], "Photo or video");
  await send(page);
  await expect(message(page, "IMG_1.jpg").getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  const [sent] = await sentFiles(page);
  expect(sent).toMatchObject({ name: "IMG_1.jpg", type: "image/jpeg", place: false, exif: false });
  expect([sent.drawn, sent.width, sent.height]).toEqual([[1024, 2048], 1024, 2048]);
  // Turned to the right: what was left is above.
  expect(sent.first[0]).toBeGreaterThan(200);
  expect(sent.last[2]).toBeGreaterThan(200);
  expect(sent.thumbhash).toBeTruthy();
});

test("CONVERSATIONS: the original loses its place; what is clear stays so", async ({ page, url, problems: _ }) => {
  await watchFiles(page);
  await openChat(page, url);
  const jpeg = fromTelephone(await picture(page, "image/jpeg", 3_000, 1_500));
  const clear = await picture(page, "image/png", 3_000, 1_500, true);
  await choose(page, [{ name: "IMG_1.jpg", mimeType: "image/jpeg", buffer: jpeg }]);
  await page.getByText("Original quality").click();
  await expect(page.getByRole("checkbox", { name: "Original quality" })).toBeChecked();
  await send(page);
  await expect(message(page, "IMG_1.jpg").getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  const [sent] = await sentFiles(page);
  expect([sent.drawn, sent.width, sent.height, sent.place]).toEqual([[1500, 3000], 1500, 3000, false]);
  expect(Math.abs(sent.bytes - jpeg.length)).toBeLessThan(1_000);
  await choose(page, [{ name: "clear.png", mimeType: "image/png", buffer: clear }]);
  await page.getByText("Original quality").click();
  await page.getByText("Original quality").click();
  await send(page);
  await expect(message(page, "clear").getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  const second = (await sentFiles(page))[1];
  expect(second.drawn).toEqual(second.type === "image/png" ? [3_000, 1_500] : [2048, 1024]);
  expect(second.last[3]).toBeLessThan(10);
});

test("CONVERSATIONS: what can not be decoded goes as a file", async ({ page, url, problems: _ }) => {
  await watchFiles(page);
  await openChat(page, url);
  const bomb = await picture(page, "image/png", 10, 10);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heicGPS", "latin1");
  await choose(page, [
    { name: "bomb.png", mimeType: "image/png", buffer: bomb },
    { name: "IMG_2.heic", mimeType: "image/heic", buffer: heic },
    { name: "words.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture at all") },
  ]);
  await expect(page.getByText("goes as it is. It may say where it was taken.")).toBeVisible();
  await send(page);
  await expect(message(page, "IMG_2.heic").getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  const types = (await sentFiles(page)).map(({ name, type }) => [name, type]);
  const opaque = "application/octet-stream";
  expect(types).toEqual([["bomb.png", opaque], ["IMG_2.heic", "image/heic"], ["words.jpg", opaque]]);
});

/** A film of the browser (MP4, VP9): a second of green. */
async function film(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 64 });
    const context = canvas.getContext("2d")!;
    const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: "video/mp4;codecs=vp9" });
    const pieces: Blob[] = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const stopped = new Promise((resolve) => recorder.onstop = resolve);
    recorder.start();
    for (let frame = 0; frame < 10; frame++) {
      context.fillStyle = "lime";
      context.fillRect(0, 0, 96, 64);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  });
  return Buffer.from(base64, "base64");
}

/** The film with what a telephone writes into its `moov`, and behind its end. */
function filmFromTelephone(plain: Buffer): Buffer {
  const said = box("udta", box("\xa9xyz", Buffer.from(secret)));
  let at = 0;
  while (plain.toString("latin1", at + 4, at + 8) !== "moov") at += plain.readUInt32BE(at);
  const movie = Buffer.concat([plain.subarray(at, at + plain.readUInt32BE(at)), said]);
  movie.writeUInt32BE(movie.length);
  const rest = plain.subarray(at + movie.length - said.length);
  return Buffer.concat([plain.subarray(0, at), movie, rest, box("uuid", Buffer.from(`a uuid of 16 ..${secret}`))]);
}

test("CONVERSATIONS: a film loses its place, and still plays", async ({ page, url, problems: _ }) => {
  await watchFiles(page);
  await openChat(page, url);
  const buffer = filmFromTelephone(await film(page));
  await choose(page, [{ name: "clip.mp4", mimeType: "video/mp4", buffer }], "Photo or video");
  await expect(tray(page).locator("img")).toHaveCount(1);
  await expect(page.getByText("It may say where it was taken.")).toHaveCount(0);
  await send(page);
  const sentRow = page.getByRole("article").filter({ has: page.getByRole("button", { name: "Play clip.mp4" }) });
  await expect(sentRow.getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  const [sent] = await sentFiles(page);
  expect(sent).toMatchObject({ type: "video/mp4", place: false, bytes: buffer.length, width: 96, height: 64 });
  const [, green] = await page.evaluate(async () => {
    const [{ source }] = (window as unknown as { given: { source: Blob }[] }).given;
    const video = Object.assign(document.createElement("video"), { muted: true, src: URL.createObjectURL(source) });
    const ended = new Promise((resolve, reject) => (video.onended = resolve, video.onerror = reject));
    await video.play();
    await ended;
    const context = new OffscreenCanvas(1, 1).getContext("2d")!;
    context.drawImage(video, 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data];
  });
  expect(green).toBeGreaterThan(200);
});

test("CONVERSATIONS: pasted and dropped files are in the tray, text is not", async ({ page, url, problems: _ }) => {
  await openChat(page, url);
  const field = page.getByRole("textbox", { name: "Message", exact: true });
  const give = async (event: "paste" | "drop" | "dragenter", files: string[], words = "") =>
    await field.evaluate((element, [event, files, words]) => {
      const data = new DataTransfer();
      for (const name of files) data.items.add(new File(["abc"], name, { type: "text/plain" }));
      if (words) data.setData("text/plain", words);
      const init = { bubbles: true, cancelable: true };
      element.dispatchEvent(
        event === "paste"
          ? new ClipboardEvent(event, { ...init, clipboardData: data })
          : new DragEvent(event, { ...init, dataTransfer: data }),
      );
    }, [event, files, words] as const);
  await give("paste", ["copied.png"], "copied words");
  await expect(tray(page)).toHaveCount(0);
  await give("paste", ["pasted.txt"]);
  await expect(tray(page).getByText("pasted.txt")).toBeVisible();
  await give("dragenter", ["dropped.txt"]);
  await expect(page.getByText("Drop files here to send them")).toBeVisible();
  // A screenshot leaves styles in fields.
  await expectWhole(page, "drop");
  if (shots) await page.screenshot({ path: `${shots}/drop.png` });
  await give("drop", ["dropped.txt", "second.txt"]);
  await expect(page.getByText("Drop files here to send them")).toHaveCount(0);
  await expect(tray(page).getByRole("button", { name: /^Remove/ })).toHaveCount(3);
  await field.fill("a draft");
  await page.getByRole("button", { name: "Remove all" }).click();
  await expect(tray(page)).toHaveCount(0);
  await expect(field).toHaveValue("a draft");
});

test("CONVERSATIONS: the 31st file is left out; a tray stays with its chat", async ({ page, url, problems: _ }) => {
  await openChat(page, url);
  await choose(page, Array.from({ length: 31 }, (_, index) => note(`${index}.txt`)));
  await expect(page.getByRole("alert").filter({ hasText: "A message takes 30 files." })).toBeVisible();
  await page.goto(`${url}#/`);
  await page.getByRole("link", { name: "Choir" }).click();
  await expect(tray(page)).toHaveCount(0);
  await page.goto(`${url}#/`);
  await page.getByRole("link", { name: "alice" }).first().click();
  await expect(tray(page).getByRole("button", { name: /^Remove/ })).toHaveCount(30);
});

test("CONVERSATIONS: sending is paused, resumed, cancelled, tried again", async ({ page, url, problems: _ }) => {
  await openChat(page, url);
  await choose(page, [note("slow.txt", 4_000)]);
  await send(page);
  const slow = message(page, "slow.txt");
  await expect(slow.getByRole("progressbar", { name: "Sending files" })).toBeVisible();
  await slow.getByRole("button", { name: "Pause" }).click();
  await expect(slow.getByText(/^Paused at/)).toBeVisible();
  await expectWhole(page, "paused");
  if (shots) await page.screenshot({ path: `${shots}/paused.png` });
  await slow.getByRole("button", { name: "Resume" }).click();
  await expect(slow.getByRole("button", { name: "Pause" })).toBeVisible();
  await slow.getByRole("button", { name: "Cancel" }).click();
  await expect(slow).toHaveCount(0);
  await choose(page, [note("slow second.txt")]);
  await send(page);
  const second = message(page, "slow second.txt");
  await expect(second.getByText(/^(Encrypting|Getting ready)/)).toBeVisible();
  await second.getByRole("button", { name: "Cancel" }).click();
  await expect(second).toHaveCount(0);
  await choose(page, [note("fail")]);
  await send(page);
  const failed = message(page, "fail");
  await expect(failed).toContainText("E032");
  await failed.getByRole("button", { name: "Try again" }).click();
  await expect(failed.getByLabel(/^(Sent|Delivered|Read)$/)).toBeVisible();
  await expect(failed).not.toContainText("E032");
});

/** Profiles and pictures of the engine in memory. */

import { EngineError, LocalCode } from "../../client/api/errors.ts";
import type { ChatMember, Face, ProfilesApi } from "../../client/api/engine_api.ts";
import type { EmitEvent } from "../engine/engine_methods.ts";
import type { FakeChat } from "./fake_chats.ts";
import { pause } from "./fake_time.ts";

/** The username of an account whose people show names and pictures; those of all other accounts show none. */
const withFaces = "faces";
const invented: Record<string, Face> = {
  bob: { displayName: "Bob Marsh", about: "Bread, boats and bad jokes", pictureId: "b0" },
  carol: { displayName: "Carol Imani", pictureId: "c0" },
  dora: { displayName: "bob marsh" },
  georg: { displayName: "Georg Imhof", about: "Bees, mostly", pictureId: "d0" },
};

interface FakeWorld {
  emit: EmitEvent;
  own(): string;
  chats: Map<string, FakeChat>;
  tellChats(): void;
}

/** @returns the calls about profiles of a fake engine, and what is shown of a member */
export function fakeProfiles(
  { emit, own, chats, tellChats }: FakeWorld,
): { api: ProfilesApi; shown(member: ChatMember, blocked: ReadonlySet<string>): Partial<ChatMember> } {
  let face: Face = {};
  let count = 0;
  const pictures = new Map<string, Uint8Array<ArrayBuffer>>();
  const keep = (bytes: Uint8Array<ArrayBuffer>) => {
    const pictureId = `own-${++count}`;
    pictures.set(pictureId, bytes);
    return { pictureId };
  };
  return {
    shown({ username, accountKey }, blocked) {
      if (blocked.has(accountKey)) return { blocked: true };
      if (username === own()) return face;
      return own() === withFaces ? invented[username] ?? {} : {};
    },
    api: {
      profile: () => Promise.resolve(face),
      async setProfile({ displayName = face.displayName, about = face.about, picture }) {
        await pause(300);
        if (displayName === "refused") {
          throw new EngineError({ code: LocalCode.badProfile, detail: "the test wants it" });
        }
        face = {
          ...(displayName && { displayName }),
          ...(about && { about }),
          ...(picture === undefined
            ? face.pictureId !== undefined && { pictureId: face.pictureId }
            : picture && keep(picture)),
        };
        emit({ kind: "people" });
        tellChats();
      },
      async picture(pictureId) {
        return pictures.get(pictureId) ?? await drawn(pictureId === "b0" ? ["#c96", "#364"] : ["#69c", "#634"]);
      },
      async setGroupPicture(chatId, picture) {
        await pause(200);
        const { summary } = chats.get(chatId)!;
        if (picture) summary.pictureId = keep(picture).pictureId;
        else delete summary.pictureId;
        tellChats();
      },
    },
  };
}

/** A face of few strokes, so that a picture can be told from initials. */
async function drawn([ground, person]: [string, string]): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(96, 96);
  const context = canvas.getContext("2d")!;
  context.fillStyle = ground;
  context.fillRect(0, 0, 96, 96);
  context.fillStyle = person;
  for (const [x, y, radius] of [[48, 38, 18], [48, 96, 36]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp" })).arrayBuffer());
}

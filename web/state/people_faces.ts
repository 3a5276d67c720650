/** What people show of themselves, of all chats together: names and pictures for the views. */

import { createMemo, createSignal } from "solid-js";
import type { ChatSummary, EngineApi, Face } from "../../client/api/engine_api.ts";
import { type NamedPerson, ShownNames } from "../../client/api/shown_names.ts";
import { createPictures, type Pictures } from "./pictures.ts";

export interface PeopleFaces {
  /** The name of a person as it is shown: see `ShownNames.of`. @param accountKey hex */
  name(accountKey: string | undefined, username: string): string;
  /** Both names, where it counts who somebody is. */
  both(accountKey: string | undefined, username: string): string;
  /** What a person shows; nothing of somebody who is in no chat. */
  face(accountKey: string | undefined): Face;
  /** The title of a chat. Of a chat of two: the other person's name, with the username while it is an invitation. */
  title(chat: ChatSummary): string;
  /** The name of a member of a chat by its username; of who has left it, where another chat tells it. */
  nameIn(chat: ChatSummary, username: string): string;
  /** Both names by the username, for questions about a person; the username alone where it has had several keys. */
  bothOf(username: string): string;
  pictures: Pictures;
  /** Reads the own profile again. */
  refresh(): void;
}

interface Known {
  faces: ReadonlyMap<string, Face>;
  names: ShownNames;
  /** By username; undefined where one has had several keys. */
  keys: ReadonlyMap<string, string | undefined>;
}

const nothing: Face = {};
const nobody: Known = { faces: new Map(), names: new ShownNames([]), keys: new Map() };

/** @param own the key of this account as hex, while it is signed in */
export function createPeopleFaces(
  engine: EngineApi,
  chats: () => ChatSummary[] | undefined,
  own: () => { accountKey: string; username: string } | undefined,
): PeopleFaces {
  const [ownFace, setOwnFace] = createSignal<Face>(nothing);
  const pictures = createPictures(engine);
  const known = createMemo(() => knownOf(chats() ?? [], own(), ownFace()));
  const other = (chat: ChatSummary) =>
    chat.kind === "direct" ? chat.members.find(({ self, username }) => !self && username === chat.title) : undefined;
  return {
    name: (accountKey, username) => known().names.of(accountKey, username),
    both: (accountKey, username) => known().names.both(accountKey, username),
    face: (accountKey) => known().faces.get(accountKey ?? "") ?? nothing,
    title(chat) {
      const person = other(chat);
      if (!person) return chat.title;
      const { names } = known();
      return chat.invitation
        ? names.both(person.accountKey, person.username)
        : names.of(person.accountKey, person.username);
    },
    nameIn(chat, username) {
      if (known() === nobody) return username;
      const named = chat.members.filter((member) => member.username === username);
      if (named.length > 1) return username;
      return known().names.of(named[0]?.accountKey ?? known().keys.get(username), username);
    },
    bothOf: (username) => known().names.both(known().keys.get(username), username),
    pictures,
    refresh() {
      if (!own()) return void setOwnFace(nothing);
      void engine.profile().then(setOwnFace, () => {});
    },
  };
}

/** The same object while nobody shows anything: then nothing that is drawn depends on it. */
function knownOf(
  chats: ChatSummary[],
  own: { accountKey: string; username: string } | undefined,
  ownFace: Face,
): Known {
  const people: NamedPerson[] = [];
  const faces = new Map<string, Face>();
  const keys = new Map<string, string | undefined>();
  for (const { members } of chats) {
    for (const member of members) {
      const { username, accountKey } = member;
      const isOne = !keys.has(username) || keys.get(username) === accountKey;
      keys.set(username, isOne ? accountKey : undefined);
      if (!member.self) people.push(member);
      if (!member.self && (member.displayName || member.about || member.pictureId)) {
        faces.set(member.accountKey, member);
      }
    }
  }
  if (own && (ownFace.displayName || ownFace.about || ownFace.pictureId)) {
    faces.set(own.accountKey, ownFace);
    people.push({ ...own, ...(ownFace.displayName && { displayName: ownFace.displayName }) });
  }
  return faces.size === 0 ? nobody : { faces, names: new ShownNames(people), keys };
}

/** The engine's calls about what people show of themselves, and about pictures of groups: a part of EngineApi. */

/** The longest display name, in characters and in bytes of UTF-8. */
export const maxDisplayName = 64;
export const maxDisplayNameBytes = 256;
/** The longest line about oneself, in characters. */
export const maxAbout = 140;
/** The largest picture of a person or a group, in bytes, and its longest side, in pixels. */
export const maxPictureFileBytes = 200_000;
export const maxPictureSide = 1_024;

/** The longest name of a group, in UTF-16 units. A group with a longer one is refused by its members. */
export const maxGroupName = 200;

/** What a person shows beside the username. What is absent is not shown. */
export interface Face {
  /** Never what trust is decided by: anybody may take any name. */
  displayName?: string;
  /** A line of the person about itself. */
  about?: string;
  /** hex: names the picture to {@link ProfilesApi.picture}. */
  pictureId?: string;
}

/** What changes; what is left out stays. */
export interface ProfileChange {
  /** "" for none: the username is shown. */
  displayName?: string;
  /** "" for none. */
  about?: string;
  /** A JPEG or WebP, without metadata: whoever draws it takes care of that. null: none. */
  picture?: Uint8Array<ArrayBuffer> | null;
}

/** All methods reject with EngineError. */
export interface ProfilesApi {
  /** What this account shows of itself; the same on all of its devices. An event `people` tells of changes. */
  profile(): Promise<Face>;
  /**
   * Changes it, and tells the people of the chats. It needs a connection (L001).
   *
   * @throws EngineError L045 for a name or a line that is too long or has characters that no line has, L046 for what is
   *   no picture within the limits
   */
  setProfile(change: ProfileChange): Promise<void>;
  /**
   * A picture's bytes, checked: a JPEG or WebP.
   *
   * @param pictureId of a member, a chat or the own profile
   * @throws EngineError L046 where nobody known has such a picture, or it is none; E031 where the server has it no
   *   longer; L001
   */
  picture(pictureId: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Gives a group another picture, for all of its members; by an admin (L019), in a chat whose `features` name
   * "group-data" (L044).
   *
   * @param picture as that of {@link ProfileChange}; null for none
   */
  setGroupPicture(chatId: string, picture: Uint8Array<ArrayBuffer> | null): Promise<void>;
}

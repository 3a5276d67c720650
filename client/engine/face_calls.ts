/** The engine's calls about profiles and pictures: {@link ProfilesApi} over a profile of this device. */

import type { Face, ProfileChange, ProfilesApi } from "../api/profiles_api.ts";
import type { Profile } from "./profile.ts";

/** A part of the engine. What it changes needs a connection (L001). */
export class FaceCalls implements ProfilesApi {
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  profile(): Promise<Face> {
    return this.#profile.guarded(() => Promise.resolve(this.#profile.requireSignedIn().writing.faces.own()));
  }

  setProfile(change: ProfileChange): Promise<void> {
    return this.#profile.guarded(() => this.#profile.online().writing.faces.change(change));
  }

  picture(pictureId: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#profile.guarded(() => this.#profile.requireSignedIn().writing.faces.picture(pictureId));
  }

  setGroupPicture(chatId: string, picture: Uint8Array<ArrayBuffer> | null): Promise<void> {
    return this.#profile.guarded(() => {
      const { settings, writing } = this.#profile.online();
      return writing.faces.setGroupPicture(settings, chatId, picture);
    });
  }
}

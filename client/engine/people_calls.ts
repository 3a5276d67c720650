/** The engine's calls about other people: {@link PeopleApi} over a profile. */

import type {
  ContactPolicy,
  InviteLinkInfo,
  JoinRequestInfo,
  LinkPreview,
  PeopleApi,
  PeopleSettings,
} from "../api/people_api.ts";
import { FaceCalls } from "./face_calls.ts";
import type { PeopleService } from "./people_service.ts";
import type { Profile } from "./profile.ts";

/** A part of the engine; what it changes needs a connection (L001). */
export class PeopleCalls extends FaceCalls implements PeopleApi {
  readonly #profile: Profile;

  constructor(profile: Profile) {
    super(profile);
    this.#profile = profile;
  }

  makeLink(options: { chatId?: string; letsIn?: boolean; forMs: number }): Promise<InviteLinkInfo> {
    return this.#online(({ links }) => links.make(options));
  }

  links(): Promise<InviteLinkInfo[]> {
    return this.#local(({ links }) => links.all());
  }

  revokeLink(linkId: string): Promise<void> {
    return this.#online(({ links }) => links.revoke(linkId));
  }

  readLink(code: string): Promise<LinkPreview> {
    return this.#online(({ links }) => links.read(code));
  }

  useLink(code: string, note?: string): Promise<{ chatId?: string }> {
    return this.#online(({ links }) => links.use(code, note));
  }

  joinRequests(): Promise<JoinRequestInfo[]> {
    return this.#local(({ requests }) => Promise.resolve(requests.waiting));
  }

  answerJoinRequest(requestId: string, letIn: boolean): Promise<void> {
    return this.#online(({ requests }) => requests.answer(requestId, letIn));
  }

  peopleSettings(): Promise<PeopleSettings> {
    return this.#local(({ people }) => Promise.resolve(people.settings()));
  }

  setContactPolicy(policy: ContactPolicy): Promise<void> {
    return this.#online(({ people }) => people.setPolicy(policy));
  }

  block(username: string): Promise<void> {
    return this.#online(({ people }) => people.block(username));
  }

  unblock(accountKey: string): Promise<void> {
    return this.#online(({ people }) => people.unblock(accountKey));
  }

  report(report: { username: string; reason: string; chatId?: string; orders?: string[] }): Promise<void> {
    return this.#online(({ people }) => people.report(report));
  }

  recentPeople(): Promise<string[]> {
    return this.#local(({ people }) => Promise.resolve(people.recent()));
  }

  noteToSelf(): Promise<string> {
    return this.#online(({ people }) => people.noteToSelf());
  }

  #online<T>(work: (service: PeopleService) => Promise<T>): Promise<T> {
    return this.#profile.guarded(() => work(this.#profile.online().people));
  }

  #local<T>(work: (service: PeopleService) => Promise<T>): Promise<T> {
    return this.#profile.guarded(() => work(this.#profile.requireSignedIn().people));
  }
}

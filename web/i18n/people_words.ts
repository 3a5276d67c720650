/**
 * The sentences about invite links, requests, blocking and reports (web/views/people/). They come with these parts,
 * which are loaded where they are shown.
 */

import { type Language, language } from "./language.ts";

/** `{name}`, `{date}`, `{group}`, `{at}`, `{count}`: places that the caller fills. */
export interface PeopleWords {
  invite: string;
  inviteWhy: string;
  inviteTitle: string;
  inviteGroupTitle: string;
  scan: string;
  scanGroup: string;
  qr: string;
  link: string;
  copy: string;
  share: string;
  ends: string;
  days: Record<1 | 7 | 30, string>;
  letsIn: string;
  letsInWhy: string;
  make: string;
  revoke: string;
  revokeNamed: string;
  links: string;
  linkChat: string;
  linkGroup: string;
  until: string;
  close: string;
  openTitle: string;
  openChat: string;
  openGroup: string;
  openChatYes: string;
  openGroupYes: string;
  note: string;
  asked: string;
  states: Record<"own" | "over" | "unknown" | "blocked", { title: string; body: string }>;
  privacy: string;
  policy: string;
  policies: Record<"everybody" | "groups" | "invited", { name: string; why: string }>;
  tells: Record<"readReceipts" | "typing", { name: string; why: string }>;
  blockedPeople: string;
  nobodyBlocked: string;
  block: string;
  blockAsk: string;
  blockWhy: string;
  unblock: string;
  unblockNamed: string;
  isBlocked: string;
  report: string;
  reportTitle: string;
  reportWhy: string;
  reportReason: string;
  reportMessages: string;
  reportSend: string;
  reported: string;
  requests: string;
  request: string;
  letIn: string;
  letInNamed: string;
  decline: string;
  declineNamed: string;
  notes: string;
  notesWhy: string;
}

const en: PeopleWords = {
  invite: "Invite by link or QR code",
  inviteWhy: "For people who have no account yet",
  inviteTitle: "Invite someone",
  inviteGroupTitle: "Invite to {group}",
  scan: "Whoever opens this link lands in a chat with you. It ends on {date}.",
  scanGroup: "Whoever opens this link asks to join. It ends on {date}.",
  qr: "QR code of the invite link",
  link: "Invite link",
  copy: "Copy link",
  share: "Share",
  ends: "Ends after",
  days: { 1: "1 day", 7: "7 days", 30: "30 days" },
  letsIn: "Let people in without asking",
  letsInWhy: "Else you are asked about each person.",
  make: "Make a link",
  revoke: "Make the link invalid",
  revokeNamed: "Make the link invalid: {at} of {count}, until {date}",
  links: "Your invite links",
  linkChat: "To a chat with you",
  linkGroup: "Into {group}",
  until: "until {date}",
  close: "Close",
  openTitle: "You are invited",
  openChat: "{name} would like to talk to you.",
  openGroup: "{name} invites you to a group. You can ask to join it.",
  openChatYes: "Open the chat",
  openGroupYes: "Ask to join",
  note: "Who you are (for the group’s admin; optional)",
  asked: "{name} has your request. The group appears in your chats once you are let in.",
  states: {
    own: { title: "This is your own link", body: "Give it to those whom you want to invite." },
    over: {
      title: "This invitation is over",
      body: "It has ended, or it was taken back. Ask whoever gave it to you for a new one.",
    },
    unknown: {
      title: "This invitation leads nowhere",
      body: "This server knows no such account, or not with the key that the link names. Ask for a new one.",
    },
    blocked: { title: "You have blocked this person", body: "Unblock them in the settings to use their invitation." },
  },
  privacy: "Privacy",
  policy: "Who may write to me",
  policies: {
    everybody: { name: "Everybody", why: "People whom you do not know yet come as an invitation." },
    groups: { name: "People of my chats", why: "Invitations of others are not shown. They are told nothing." },
    invited: { name: "People whom I invite", why: "As before, and the server gives strangers no keys to reach you." },
  },
  tells: {
    readReceipts: {
      name: "Read receipts",
      why: "Others see what you have read. If you turn this off, you do not see what they have read.",
    },
    typing: {
      name: "Typing",
      why: "Others see when you are writing. If you turn this off, you do not see when they are.",
    },
  },
  blockedPeople: "Blocked people",
  nobodyBlocked: "You have blocked nobody.",
  block: "Block {name}",
  blockAsk: "Block {name}?",
  blockWhy: "Nothing of {name} is shown to you any more, on all your devices. They are told nothing. In groups the " +
    "others go on seeing both of you.",
  unblock: "Unblock",
  unblockNamed: "Unblock {name}",
  isBlocked: "You have blocked {name}.",
  report: "Report {name}",
  reportTitle: "Report {name}",
  reportWhy: "Your report goes to whoever runs this server, who can read it. Choose what they may see of this chat.",
  reportReason: "What happened",
  reportMessages: "Messages to show",
  reportSend: "Send report",
  reported: "The report was sent.",
  requests: "Requests to join",
  request: "{name} asks to join",
  letIn: "Let in",
  letInNamed: "Let {name} in",
  decline: "Decline",
  declineNamed: "Decline {name}",
  notes: "Note to self",
  notesWhy: "A chat with yourself, on all your devices",
};

const de: PeopleWords = {
  invite: "Mit Link oder QR-Code einladen",
  inviteWhy: "Für Personen, die noch kein Konto haben",
  inviteTitle: "Jemanden einladen",
  inviteGroupTitle: "Zu {group} einladen",
  scan: "Wer diesen Link öffnet, landet in einem Chat mit dir. Er endet am {date}.",
  scanGroup: "Wer diesen Link öffnet, bittet um Aufnahme. Er endet am {date}.",
  qr: "QR-Code des Einladungslinks",
  link: "Einladungslink",
  copy: "Link kopieren",
  share: "Teilen",
  ends: "Endet nach",
  days: { 1: "1 Tag", 7: "7 Tagen", 30: "30 Tagen" },
  letsIn: "Ohne Rückfrage aufnehmen",
  letsInWhy: "Sonst wirst du bei jeder Person gefragt.",
  make: "Link erstellen",
  revoke: "Link ungültig machen",
  revokeNamed: "Link ungültig machen: {at} von {count}, bis {date}",
  links: "Deine Einladungslinks",
  linkChat: "Zu einem Chat mit dir",
  linkGroup: "In {group}",
  until: "bis {date}",
  close: "Schließen",
  openTitle: "Du bist eingeladen",
  openChat: "{name} möchte mit dir schreiben.",
  openGroup: "{name} lädt dich in eine Gruppe ein. Du kannst um Aufnahme bitten.",
  openChatYes: "Chat öffnen",
  openGroupYes: "Um Aufnahme bitten",
  note: "Wer du bist (für die Admins der Gruppe, freiwillig)",
  asked: "{name} hat deine Bitte. Die Gruppe erscheint in deinen Chats, sobald du aufgenommen bist.",
  states: {
    own: { title: "Das ist dein eigener Link", body: "Gib ihn denen, die du einladen möchtest." },
    over: {
      title: "Diese Einladung gilt nicht mehr",
      body: "Sie ist abgelaufen oder wurde zurückgezogen. Lass dir eine neue geben.",
    },
    unknown: {
      title: "Diese Einladung führt nirgendwohin",
      body: "Dieser Server kennt das Konto nicht, oder nicht mit dem Schlüssel des Links. Bitte um eine neue.",
    },
    blocked: {
      title: "Du hast diese Person blockiert",
      body: "Hebe das in den Einstellungen auf, um ihre Einladung anzunehmen.",
    },
  },
  privacy: "Privatsphäre",
  policy: "Wer mir schreiben darf",
  policies: {
    everybody: { name: "Alle", why: "Wen du noch nicht kennst, siehst du zuerst als Einladung." },
    groups: {
      name: "Personen aus meinen Chats",
      why: "Einladungen anderer siehst du nicht. Sie erfahren nichts davon.",
    },
    invited: {
      name: "Wen ich einlade",
      why: "Wie zuvor, und der Server gibt Fremden keine Schlüssel, um dich zu erreichen.",
    },
  },
  tells: {
    readReceipts: {
      name: "Lesebestätigungen",
      why: "Andere sehen, was du gelesen hast. Ohne sie siehst du auch nicht, was andere gelesen haben.",
    },
    typing: {
      name: "Schreibanzeige",
      why: "Andere sehen, wenn du gerade schreibst. Ohne sie siehst du auch nicht, wenn andere schreiben.",
    },
  },
  blockedPeople: "Blockierte Personen",
  nobodyBlocked: "Du hast niemanden blockiert.",
  block: "{name} blockieren",
  blockAsk: "{name} blockieren?",
  blockWhy:
    "Du siehst nichts mehr von {name}, auf allen deinen Geräten. {name} erfährt davon nichts. In Gruppen sehen " +
    "die anderen weiter euch beide.",
  unblock: "Aufheben",
  unblockNamed: "Blockierung von {name} aufheben",
  isBlocked: "Du hast {name} blockiert.",
  report: "{name} melden",
  reportTitle: "{name} melden",
  reportWhy: "Deine Meldung geht an den Betreiber dieses Servers, der sie lesen kann. Wähle, was er von diesem Chat " +
    "sehen darf.",
  reportReason: "Was geschehen ist",
  reportMessages: "Nachrichten, die gezeigt werden",
  reportSend: "Meldung abschicken",
  reported: "Die Meldung ist abgeschickt.",
  requests: "Bitten um Aufnahme",
  request: "{name} bittet um Aufnahme",
  letIn: "Aufnehmen",
  letInNamed: "{name} aufnehmen",
  decline: "Ablehnen",
  declineNamed: "{name} ablehnen",
  notes: "Notiz an mich",
  notesWhy: "Ein Chat mit dir selbst, auf allen deinen Geräten",
};

const words: Record<Language, PeopleWords> = { en, de };

/** @returns the sentences in the page's language */
export function peopleWords(): PeopleWords {
  return words[language];
}

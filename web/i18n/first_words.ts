/** The sentences of the first steps. They come with their list. */

import { type Language, language } from "./language.ts";

type Step = "code" | "profile" | "invite" | "install" | "verify" | "device";

/** `{name}`: a place that the caller fills. */
export interface FirstWords {
  title: string;
  hide: string;
  done: string;
  steps: Record<Step, { name: string; why: string }>;
  installByHand: string;
}

const en: FirstWords = {
  title: "Small things, whenever you like",
  hide: "Hide this list",
  done: "Done",
  steps: {
    code: { name: "Keep your recovery code", why: "Without the password it is the one way back" },
    profile: { name: "Add a picture and a name", why: "Only the people you write with see them" },
    invite: { name: "Invite somebody", why: "By a link or a QR code" },
    install: { name: "Install the app", why: "It opens from your home screen, without the browser around it" },
    verify: { name: "Compare safety numbers with {name}", why: "So that you know that nobody stands between you" },
    device: { name: "Add a second device", why: "Open this page there, and sign in with your name and password" },
  },
  installByHand: "Share, then “Add to Home Screen”, in the browser’s menu",
};

const de: FirstWords = {
  title: "Kleinigkeiten, wann immer du magst",
  hide: "Liste ausblenden",
  done: "Erledigt",
  steps: {
    code: { name: "Bewahre deinen Wiederherstellungscode auf", why: "Ohne Passwort ist er der einzige Weg zurück" },
    profile: { name: "Gib dir ein Bild und einen Namen", why: "Nur die Personen, mit denen du schreibst, sehen sie" },
    invite: { name: "Lade jemanden ein", why: "Mit einem Link oder QR-Code" },
    install: { name: "Installiere die App", why: "Sie öffnet sich vom Startbildschirm, ohne den Browser darum herum" },
    verify: { name: "Vergleiche Sicherheitsnummern mit {name}", why: "Damit du weißt, dass niemand dazwischen steht" },
    device: {
      name: "Nimm ein zweites Gerät dazu",
      why: "Öffne dort diese Seite, und melde dich mit Namen und Passwort an",
    },
  },
  installByHand: "Teilen, dann „Zum Home-Bildschirm“, im Menü des Browsers",
};

const catalogues: Record<Language, FirstWords> = { en, de };

/** @returns the sentences in the page's language */
export function firstWords(): FirstWords {
  return catalogues[language];
}

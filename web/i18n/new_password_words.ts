/**
 * The sentences of the part that helps with a new password (web/views/account/new_password_help.tsx). They come with
 * that part, which is loaded where a password is made.
 */

import type { PasswordFault } from "../../client/api/password_judgement.ts";
import { type Language, language } from "./language.ts";

/** `fault`: what is wrong, and what to do. */
export interface NewPasswordWords {
  strength: string;
  levels: readonly [string, string, string, string, string];
  checking: string;
  unknown: string;
  taken: string;
  fault: Record<PasswordFault, string>;
  suggest: string;
  suggested: string;
  use: string;
  copy: string;
  another: string;
  keep: string;
}

const en: NewPasswordWords = {
  strength: "Strength of the password",
  levels: ["Very weak.", "Weak.", "Not strong enough.", "Strong.", "Very strong."],
  checking: "Checking the password…",
  unknown: "The password could not be checked. It is checked again when you send it.",
  taken: "It is hard to guess.",
  fault: {
    short: "Too short. Use at least 12 characters.",
    username: "It is made of your username or the app’s name. Use words that have nothing to do with you.",
    common: "Many people use this one or one like it. Use a few unrelated words.",
    repeat: "It repeats itself. Use a few different words.",
    sequence: "Rows like abc or 123 are guessed early. Use a few unrelated words.",
    keyboard: "Keys that lie side by side are guessed early. Use a few unrelated words.",
    date: "Dates and years are guessed early. Use a few unrelated words.",
    guessable: "It would be guessed too soon. Add another word or two.",
  },
  suggest: "Suggest a passphrase",
  suggested: "Suggested passphrase",
  use: "Use this one",
  copy: "Copy",
  another: "Another",
  keep: "Filled in. Write it down or put it into a password manager.",
};

const de: NewPasswordWords = {
  strength: "Stärke des Passworts",
  levels: ["Sehr schwach.", "Schwach.", "Nicht stark genug.", "Stark.", "Sehr stark."],
  checking: "Das Passwort wird geprüft …",
  unknown: "Das Passwort konnte nicht geprüft werden. Beim Absenden wird es noch einmal geprüft.",
  taken: "Es ist schwer zu erraten.",
  fault: {
    short: "Zu kurz. Nimm mindestens 12 Zeichen.",
    username:
      "Es besteht aus deinem Benutzernamen oder dem Namen der App. Nimm Wörter, die nichts mit dir zu tun haben.",
    common: "Viele benutzen dieses oder ein ähnliches. Nimm ein paar Wörter ohne Zusammenhang.",
    repeat: "Es wiederholt sich. Nimm ein paar verschiedene Wörter.",
    sequence: "Reihen wie abc oder 123 werden früh geraten. Nimm ein paar Wörter ohne Zusammenhang.",
    keyboard: "Tasten, die nebeneinander liegen, werden früh geraten. Nimm ein paar Wörter ohne Zusammenhang.",
    date: "Daten und Jahreszahlen werden früh geraten. Nimm ein paar Wörter ohne Zusammenhang.",
    guessable: "Es wäre zu bald erraten. Nimm noch ein oder zwei Wörter dazu.",
  },
  suggest: "Passphrase vorschlagen",
  suggested: "Vorgeschlagene Passphrase",
  use: "Diese nehmen",
  copy: "Kopieren",
  another: "Eine andere",
  keep: "Eingetragen. Schreib sie auf oder leg sie in einen Passwortmanager.",
};

const catalogues: Record<Language, NewPasswordWords> = { en, de };

/** @returns the sentences in the page's language */
export function newPasswordWords(): NewPasswordWords {
  return catalogues[language];
}

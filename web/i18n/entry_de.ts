/** The sentences of the screens before somebody is signed in, in German. */

import type { entryEn } from "./entry_en.ts";

export const entryDe: Record<keyof typeof entryEn, string> = {
  "sign-in.invited": "Du hast eine Einladung. Leg ein Konto an oder melde dich an: Danach geht es damit weiter.",
  "sign-in.title": "Anmelden",
  "sign-in.username": "Benutzername",
  "sign-in.username-hint":
    "3 bis 32 Zeichen: a–z, 0–9, Punkt, Strich, Unterstrich; zuerst ein Buchstabe. So findet man dich.",
  "sign-in.password": "Passwort",
  "sign-in.password-hint":
    "Mindestens 12 Zeichen, am besten ein paar Wörter ohne Zusammenhang. Der Server sieht es nie.",
  "sign-in.show": "Passwort anzeigen",
  "sign-in.hide": "Passwort verbergen",
  "sign-in.point-private": "Auf deinem Gerät verschlossen, auf ihrem geöffnet. Niemand dazwischen liest mit.",
  "sign-in.point-lasting": "Auch gegen die Rechner von morgen geschützt: Was heute aufgezeichnet wird, bleibt zu.",
  "sign-in.point-own": "Läuft auf einem Server, den du wählst. Keine Telefonnummer, kein Adressbuch.",
  "sign-in.create-title": "Leg dein Konto an",
  "sign-in.here-already": "Schon dabei?",
  "sign-in.new-here": "Neu hier?",
  "sign-in.password-own": "Der Server sieht es nie. Nur dein Wiederherstellungscode kann es ersetzen.",
  "sign-in.submit": "Anmelden",
  "sign-in.create": "Konto anlegen",
  "sign-in.need-username":
    "Wähle einen Benutzernamen: 3 bis 32 Zeichen, a–z, 0–9, Punkt, Strich, Unterstrich, zuerst ein Buchstabe.",
  "sign-in.need-password": "Gib ein Passwort ein.",
  "sign-in.invite": "Einladungscode",
  "sign-in.invite-hint": "Dieser Server nimmt neue Konten nur mit Einladung. Den Code bekommst du vom Betreiber.",
  "sign-in.suggest": "Passphrase vorschlagen",
  "sign-in.forgot": "Passwort vergessen?",
  "sign-in.ended": "Dieses Gerät ist nicht mehr als {username} angemeldet.",
  "sign-in.deleted": "Das Konto {username} ist gelöscht. Auf diesem Gerät ist nichts mehr davon.",
};

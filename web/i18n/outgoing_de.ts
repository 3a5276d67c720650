/** The sentences of choosing, recording and sending files, in German. */

import type { outgoingEn } from "./outgoing_en.ts";

export const outgoingDe: Record<keyof typeof outgoingEn, string> = {
  "outgoing.photo": "Foto oder Video",
  "outgoing.file": "Datei",
  "outgoing.camera": "Kamera",
  "outgoing.tray": "Dateien zum Senden",
  "outgoing.remove": "{name} entfernen",
  "outgoing.remove-all": "Alle entfernen",
  "outgoing.add": "Mehr hinzufügen",
  "outgoing.original": "Originalqualität",
  "outgoing.place": "{name} geht so, wie es ist. Darin kann stehen, wo es aufgenommen wurde.",
  "outgoing.drop": "Dateien hier ablegen, um sie zu senden",
  "outgoing.too-many": "Eine Nachricht fasst {most} Dateien. Die übrigen wurden weggelassen.",
  "outgoing.too-large": "{name} ist zu groß: Eine Datei kann {most} haben.",
  "outgoing.folder": "Ordner können nicht gesendet werden. Wähle die Dateien darin, oder packe ihn in eine Datei.",
  "outgoing.feature": "Hier können Dateien gesendet werden, sobald die App von allen in diesem Chat aktuell ist.",
  "outgoing.lost":
    "Die Seite wurde geschlossen, bevor deine Dateien bereit waren. Sie wurden nicht gesendet. Bitte wähle sie noch einmal.",
  "outgoing.lost-ok": "Schließen",

  "outgoing.voice": "Sprachnachricht",
  "outgoing.voice-asking": "Erlaube das Mikrofon, um zu beginnen",
  "outgoing.voice-refused":
    "Der Browser lässt diese Seite nicht an das Mikrofon. Du kannst es in den Einstellungen der Seite erlauben, neben ihrer Adresse.",
  "outgoing.voice-missing": "Es wurde kein Mikrofon gefunden.",
  "outgoing.voice-broken": "Das Mikrofon konnte nicht benutzt werden. Vielleicht hat es ein anderes Programm.",
  "outgoing.voice-ended": "Die Aufnahme ist zu Ende. Sende sie, oder brich ab.",
  "outgoing.voice-time": "Aufgenommen",

  "outgoing.progress": "Dateien werden gesendet",
  "outgoing.preparing": "Wird vorbereitet",
  "outgoing.encrypting": "Wird verschlüsselt: {share}",
  "outgoing.sending": "{done} von {total}, {share}",
  "outgoing.paused": "Angehalten bei {share}",
  "outgoing.failed": "Nicht gesendet",
  "outgoing.pause": "Anhalten",
  "outgoing.resume": "Fortsetzen",
  "outgoing.cancel": "Abbrechen",
};

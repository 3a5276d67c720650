/**
 * The sentences about the own data: the export, and the end of the account (web/views/leaving/). They come with these
 * parts, which are loaded where they are shown.
 */

import { type Language, language } from "./language.ts";

/** `{username}`, `{done}`, `{total}`, `{messages}`: places that the caller fills. */
export interface LeavingWords {
  title: string;
  export: string;
  exportShort: string;
  exportWhy: string;
  exporting: string;
  progress: string;
  cancel: string;
  cancelShort: string;
  exported: string;
  delete: string;
  deleteShort: string;
  deleteWhy: string;
  dialogTitle: string;
  goes: string;
  stays: string;
  exportFirst: string;
  confirmName: string;
  confirmNameHint: string;
  confirmNameWrong: string;
  confirm: string;
  halfDone: string;
  erase: string;
  deleteLeft: string;
  eraseSure: string;
  eraseNow: string;
  erasing: string;
  eraseAsk: string;
}

const en: LeavingWords = {
  title: "Your data",
  export: "Export your data",
  exportShort: "Export",
  exportWhy:
    "Account, people, chats and messages of this device in one file. Without pictures, other files and keys; readable by anyone.",
  exporting: "Exporting",
  progress: "{done} of {total} chats",
  cancel: "Cancel the export",
  cancelShort: "Cancel",
  exported:
    "The file has the messages of this device, and the names of files, not the files. Keep it as you would keep the messages.",
  delete: "Delete account",
  deleteShort: "Delete…",
  deleteWhy: "For good, on all your devices and on the server.",
  dialogTitle: "Delete the account {username}?",
  goes:
    "You leave all chats. The server deletes your keys, devices, files and what waits for you; this device deletes everything. It can not be undone, and the recovery code does not help.",
  stays:
    "What you sent stays with those who got it, and on your other devices until you erase it there. The name {username} stays reserved: nobody can take it, not even you.",
  exportFirst: "If you want to keep anything, cancel, save the files that you need, and export your data first.",
  confirmName: "Your username, to confirm",
  confirmNameHint: "Type {username}.",
  confirmNameWrong: "This is not {username}.",
  confirm: "Delete for good",
  halfDone: "As far as is known the account is still there. You may have left chats already. Try again.",
  erase: "Erase from this device",
  deleteLeft: "Erase",
  eraseSure: "It can not be undone.",
  eraseNow: "Erase now",
  erasing: "Erasing",
  eraseAsk: "What is left of the account on this device:",
};

const de: LeavingWords = {
  title: "Deine Daten",
  export: "Deine Daten exportieren",
  exportShort: "Exportieren",
  exportWhy:
    "Konto, Personen, Chats und Nachrichten dieses Geräts in einer Datei. Ohne Bilder, andere Dateien und Schlüssel; für alle lesbar.",
  exporting: "Wird exportiert",
  progress: "{done} von {total} Chats",
  cancel: "Export abbrechen",
  cancelShort: "Abbrechen",
  exported:
    "In der Datei stehen die Nachrichten dieses Geräts und die Namen von Dateien, nicht die Dateien. Bewahre sie auf wie die Nachrichten selbst.",
  delete: "Konto löschen",
  deleteShort: "Löschen …",
  deleteWhy: "Für immer, auf allen deinen Geräten und auf dem Server.",
  dialogTitle: "Das Konto {username} löschen?",
  goes:
    "Du verlässt alle Chats. Der Server löscht deine Schlüssel, Geräte, Dateien und was auf dich wartet; dieses Gerät löscht alles. Das lässt sich nicht rückgängig machen, auch nicht mit dem Wiederherstellungscode.",
  stays:
    "Was du gesendet hast, bleibt bei denen, die es bekommen haben, und auf deinen anderen Geräten, bis du es dort löschst. Der Name {username} bleibt vergeben: Niemand kann ihn nehmen, auch du nicht.",
  exportFirst:
    "Wenn du etwas behalten willst, brich ab, speichere die Dateien, die du brauchst, und exportiere zuerst deine Daten.",
  confirmName: "Dein Benutzername zur Bestätigung",
  confirmNameHint: "Gib {username} ein.",
  confirmNameWrong: "Das ist nicht {username}.",
  confirm: "Für immer löschen",
  halfDone: "Soweit bekannt, gibt es das Konto noch. Chats hast du vielleicht schon verlassen. Versuch es noch einmal.",
  erase: "Von diesem Gerät löschen",
  deleteLeft: "Löschen",
  eraseSure: "Das lässt sich nicht rückgängig machen.",
  eraseNow: "Jetzt löschen",
  erasing: "Wird gelöscht",
  eraseAsk: "Was dieses Gerät noch von dem Konto hat:",
};

const catalogues: Record<Language, LeavingWords> = { en, de };

/** @returns the sentences in the page's language */
export function leavingWords(): LeavingWords {
  return catalogues[language];
}

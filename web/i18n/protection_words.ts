/** What the dialog "How is this protected?" says (web/views/common/protection_dialog.tsx). It comes with that part. */

import { type Language, language } from "./language.ts";

type Answer = { what: string; how: string };

const en: readonly Answer[] = [
  {
    what: "Messages",
    how: "Each message is sealed on your device with MLS (RFC 9420) and opened only on the devices of the people in " +
      "the chat. The server passes on what it can not read: neither text nor names of groups.",
  },
  {
    what: "The computers of tomorrow",
    how: "Keys are agreed on by X-Wing, a hybrid of X25519 and ML-KEM-768. Reading along takes breaking both the " +
      "classical and the post-quantum half.",
  },
  {
    what: "Your password",
    how: "It never leaves your device, not even in disguise: OPAQUE proves that you know it. With it your device " +
      "opens a vault at the server that holds the key of your account; your recovery code opens it, too.",
  },
  {
    what: "The people you write to",
    how: "Your device pins the account key of each person when it first meets it. If another key answers later, " +
      "nothing is sent until you have decided. Comparing the safety numbers proves that nobody stands between you.",
  },
  {
    what: "What the server knows",
    how:
      "Who has an account, with which devices, and from which address (IP) they are connected. Who is in a chat with " +
      "whom, when something is sent and how large it is, rounded up; of files the same, and who fetches them when. " +
      "How many invite links you have, until when, and who has opened them, but not where they lead. Whether only " +
      "people whom you invite may write to you, but not whom you block. What is reported to it. From times and sizes " +
      "it can guess more, for example that somebody has just read something.",
  },
];

const de: readonly Answer[] = [
  {
    what: "Nachrichten",
    how: "Jede Nachricht wird auf deinem Gerät mit MLS (RFC 9420) versiegelt und nur auf den Geräten derer geöffnet, " +
      "die im Chat sind. Der Server reicht weiter, was er nicht lesen kann: weder Text noch Gruppennamen.",
  },
  {
    what: "Die Rechner von morgen",
    how: "Schlüssel werden mit X-Wing vereinbart, einem Hybrid aus X25519 und ML-KEM-768. Wer mitlesen will, muss " +
      "die klassische und die Post-Quanten-Hälfte brechen.",
  },
  {
    what: "Dein Passwort",
    how: "Es verlässt dein Gerät nie, auch nicht verkleidet: OPAQUE beweist, dass du es kennst. Mit ihm öffnet dein " +
      "Gerät beim Server einen Tresor mit dem Schlüssel deines Kontos; dein Wiederherstellungscode öffnet ihn auch.",
  },
  {
    what: "Die Personen, denen du schreibst",
    how: "Dein Gerät merkt sich den Kontoschlüssel jeder Person bei der ersten Begegnung. Antwortet später ein " +
      "anderer, wird nichts gesendet, bis du entschieden hast. Verglichene Sicherheitsnummern beweisen, dass niemand " +
      "zwischen euch steht.",
  },
  {
    what: "Was der Server weiß",
    how:
      "Wer ein Konto hat, mit welchen Geräten, und von welcher Adresse (IP) sie verbunden sind. Wer mit wem in einem " +
      "Chat ist, wann etwas gesendet wird und wie groß es ist, aufgerundet; von Dateien dasselbe, und wer sie wann " +
      "abholt. Wie viele Einladungslinks du hast, bis wann, und wer sie geöffnet hat, aber nicht, wohin sie führen. " +
      "Ob dir nur schreiben darf, wen du einlädst, aber nicht, wen du blockierst. Was ihm gemeldet wird. Aus Zeiten " +
      "und Größen kann er mehr erraten, zum Beispiel, dass jemand gerade etwas gelesen hat.",
  },
];

const catalogues: Record<Language, readonly Answer[]> = { en, de };

/** @returns the answers in the page's language */
export function protectionWords(): readonly Answer[] {
  return catalogues[language];
}

/** The lines that a conversation shows beside its messages, in German. */

import type { noticesEn } from "./notices_en.ts";

export const noticesDe: Record<keyof typeof noticesEn, string> = {
  "notice.created": "{by} hat den Chat begonnen",
  "notice.added": "{by} hat {who} hinzugefügt",
  "notice.removed": "{by} hat {who} entfernt",
  "notice.removed-by-nobody": "{who} wurde entfernt",
  "notice.left": "{who} hat den Chat verlassen",
  "notice.device-added": "{who} benutzt ein neues Gerät ({device})",
  "notice.device-removed": "Ein Gerät von {who} wurde entfernt ({device})",
  "notice.renamed": "{by} hat die Gruppe in „{name}“ umbenannt",
  "notice.timer-set": "{by} lässt Nachrichten nach dieser Zeit verschwinden: {time}",
  "notice.timer-off": "{by} hat verschwindende Nachrichten ausgeschaltet",
  "notice.described": "{by} hat die Beschreibung geändert",
  "notice.pictured": "{by} hat das Bild der Gruppe geändert",
  "notice.rejoined": "{who} wurde von {by} wieder in den Chat geholt",
  "notice.unreadable": "Eine Nachricht ließ sich auf diesem Gerät nicht öffnen",
  "notice.rejected": "Eine Nachricht, die gegen die Regeln verstieß, wurde abgelehnt",
  "notice.gap": "Der Server hat hier Nachrichten verworfen, weil zu viele auf dieses Gerät warteten",
  "notice.successor": "Der Chat wurde von selbst neu eingerichtet; alles Bisherige bleibt",
  "notice.removed-by-server":
    "Der Server sagt, dass {who} nicht mehr in diesem Chat ist. Kein Mitglied hat das bestätigt.",
  "notice.server-differs":
    "Bei einer Änderung von {by} wurden dem Server andere Mitglieder genannt, als dieser Chat hat. Das wird berichtigt.",
  "notice.healed": "Dieses Gerät konnte einer Änderung nicht folgen, ein Mitglied hat geholfen; es fehlt nichts",
  "notice.rolled-back":
    "Die Daten dieses Geräts sind älter als das, was es schon gesendet hat, und passen nicht mehr zu diesem Chat. Die Mitglieder werden gebeten, es wieder aufzunehmen.",
  "notice.server-behind":
    "Der Server ist auf einen alten Stand zurückgefallen, deshalb geht dieser Chat so nicht weiter. Das Gerät eines Admins richtet ihn neu ein.",
  "notice.left-behind":
    "Das Gerät von {by} sagt, dass die Gruppe nach einer Wiederherstellung des Servers ohne dieses Gerät weitergeht. Was du schreibst, wartet hier eine Stunde, oder bis ein Mitglied dich wieder hinzugefügt hat oder hier schreibt. Danach erreicht es vielleicht niemanden.",
  "notice.promoted": "{by} hat {who} zum Admin gemacht",
  "notice.demoted": "{by} hat {who} wieder zum Mitglied gemacht",
  "notice.not-added":
    "{who} konnte nicht hinzugefügt werden: Keines der Geräte hat Schlüssel, die andere benutzen können",
  "notice.invited-only":
    "{who} konnte nicht hinzugefügt werden: Wer {who} hinzufügen will, braucht einen Einladungslink. Bitte {who} um einen.",
  "notice.unopened":
    "Nachrichten, die sich auf diesem Gerät nicht öffnen ließen: {count}. Wo eine Nachricht sagt, welches Gerät sie gesendet hat, wird dieses noch einmal danach gefragt.",
  "notice.reopened": "Nachrichten, die sich auf diesem Gerät erst nicht öffnen ließen und später kamen: {count}",
  "notice.not-resent":
    "Nachrichten, die noch einmal gesendet werden sollten und in 7 Tagen nicht alle Geräte erreicht haben: {count}",
  "notice.resent":
    "Der Server wurde aus einer Sicherung wiederhergestellt. Nachrichten, die dieses Gerät noch einmal gesendet hat: {count}",
  "notice.by-you.created": "Du hast den Chat begonnen",
  "notice.by-you.added": "Du hast {who} hinzugefügt",
  "notice.by-you.removed": "Du hast {who} entfernt",
  "notice.by-you.renamed": "Du hast die Gruppe in „{name}“ umbenannt",
  "notice.by-you.timer-set": "Du lässt Nachrichten nach dieser Zeit verschwinden: {time}",
  "notice.by-you.timer-off": "Du hast verschwindende Nachrichten ausgeschaltet",
  "notice.by-you.described": "Du hast die Beschreibung geändert",
  "notice.by-you.pictured": "Du hast das Bild der Gruppe geändert",
  "notice.by-you.promoted": "Du hast {who} zum Admin gemacht",
  "notice.by-you.demoted": "Du hast {who} wieder zum Mitglied gemacht",
  "notice.whom-you.added": "{by} hat dich hinzugefügt",
  "notice.whom-you.removed": "{by} hat dich entfernt",
  "notice.whom-you.removed-by-nobody": "Du wurdest entfernt",
  "notice.whom-you.left": "Du hast den Chat verlassen",
  "notice.whom-you.rejoined": "{by} hat dich wieder in den Chat geholt",
  "notice.whom-you.promoted": "{by} hat dich zum Admin gemacht",
  "notice.whom-you.demoted": "{by} hat dich wieder zum Mitglied gemacht",
  "notice.someone": "jemand",
  "notice.no-name": "ein Name, der nicht zu sehen ist",
};

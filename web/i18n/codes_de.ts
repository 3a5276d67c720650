/** Two German sentences for each code: what happened, and what to do. */

import type { CodeText, KnownCode } from "./codes_en.ts";

export const codesDe: Record<KnownCode, CodeText> = {
  E001: { what: "Der Server kennt diese Sitzung nicht.", todo: "Melde dich neu an." },
  E002: { what: "Deine Sitzung ist abgelaufen.", todo: "Melde dich neu an." },
  E003: {
    what: "Der Server erlaubt das diesem Gerät nicht.",
    todo: "Wurde es aus deinem Konto entfernt, melde dich neu an.",
  },
  E004: {
    what: "Der Server spricht eine andere Version.",
    todo: "Lade die Seite neu, um die neueste Version zu bekommen.",
  },
  E005: { what: "Das war zu oft in kurzer Zeit.", todo: "Warte einen Moment und versuch es noch einmal." },
  E006: {
    what: "Dieser Server nimmt ohne Einladung keine neuen Konten an.",
    todo: "Gib einen Einladungscode ein; der Betreiber kann dir einen geben.",
  },
  E007: {
    what: "Der Benutzername ist vergeben oder nicht erlaubt.",
    todo: "Wähle einen anderen: 3 bis 32 Zeichen, a–z, 0–9, Punkt, Strich, Unterstrich, zuerst ein Buchstabe.",
  },
  E008: {
    what: "Der Server hat die Anmeldung abgelehnt.",
    todo: "Versuch es noch einmal. Nimm das neue Passwort, wenn es gerade geändert wurde.",
  },
  E010: {
    what: "Der Server spricht eine andere Version.",
    todo: "Lade die Seite neu, um die neueste Version zu bekommen.",
  },
  E011: { what: "Das ist zu groß für den Server.", todo: "Kürze es." },
  E012: { what: "Der Server kennt den Empfänger nicht.", todo: "Vielleicht wurde das Konto gelöscht. Prüf den Namen." },
  E013: { what: "Beim Empfänger wartet zu viel.", todo: "Es wird erneut versucht, sobald er online war." },
  E014: {
    what: "Der Server konnte das Gesendete nicht lesen.",
    todo: "Lade die Seite neu; kommt es wieder, sag dem Betreiber Bescheid.",
  },
  E015: { what: "Der Chat hat sich im selben Moment geändert.", todo: "Versuch es noch einmal." },
  E016: { what: "Dieses Gerät ist nicht in dem Chat.", todo: "Bitte ein Mitglied, dich wieder hinzuzufügen." },
  E017: {
    what: "Die Daten dieses Geräts sind älter als das, was es schon gesendet hat.",
    todo: "Es bittet darum, wieder aufgenommen zu werden. Warte, bis ein Mitglied online ist.",
  },
  E018: {
    what: "Die Liste wartender Nachrichten auf dem Server ist eine andere, als dieses Gerät kennt.",
    todo: "Nichts: Dieses Gerät liest sie von vorn. Bleibt es dabei, lade die Seite neu.",
  },
  E020: { what: "Ein Schlüssel dieses Geräts ist beschädigt.", todo: "Lade die Seite neu; es werden neue gemacht." },
  E021: {
    what: "Ein Gerät verschlüsselt auf eine Art, die hier nicht erlaubt ist.",
    todo: "Sein Besitzer muss die App aktualisieren.",
  },
  E022: {
    what: "Ein Schlüssel eines Geräts ist veraltet.",
    todo: "Sein Besitzer muss einmal online kommen. Prüf auch deine eigene Uhr.",
  },
  E023: {
    what: "Ein Schlüssel gehört nicht zu seinem Gerät.",
    todo: "Melde dich ab und wieder an; kommt es wieder, sag dem Betreiber Bescheid.",
  },
  E024: {
    what: "Jemand hat keine Schlüssel mehr, um hinzugefügt zu werden.",
    todo: "Die Person muss einmal online kommen. Versuch es dann noch einmal.",
  },
  E026: {
    what: "Diese Person nimmt Chats nur von Eingeladenen an.",
    todo: "Bitte sie um einen Einladungslink. In gemeinsamen Gruppen kannst du schreiben wie bisher.",
  },
  E027: {
    what: "Dieser Einladungslink ist abgelaufen, oder es gibt ihn nicht.",
    todo: "Bitte, wer ihn dir gegeben hat, um einen neuen.",
  },
  E025: {
    what: "Einem Gerät fehlt ein Schlüssel, mit dem alle Nachrichten verschlüsselt werden.",
    todo: "Sein Besitzer muss die App aktualisieren. Ohne wird nichts gesendet.",
  },
  E030: { what: "Die Datei ist zu groß.", todo: "Wähle eine kleinere." },
  E031: { what: "Die Datei ist nicht mehr auf dem Server.", todo: "Bitte darum, sie noch einmal zu senden." },
  E032: {
    what: "Der Server speichert nichts mehr für dein Konto, oder seine Festplatte ist voll.",
    todo:
      "Warte, bis ältere Dateien abgelaufen sind und hinzugefügte Geräte online waren, oder versuch es in einer Stunde noch einmal. Bleibt es so, sag dem Betreiber Bescheid.",
  },
  E040: { what: "Der Server startet neu.", todo: "Es wird von selbst erneut versucht." },
  E041: {
    what: "Die Daten dieses Geräts sind woanders in Gebrauch.",
    todo: "Mach dort weiter oder benutze sie wieder hier.",
  },
  E050: {
    what: "Auf dem Server ist etwas fehlgeschlagen.",
    todo: "Versuch es noch einmal; kommt es wieder, sag dem Betreiber Bescheid.",
  },
  L001: { what: "Es gibt keine Verbindung zum Server.", todo: "Prüf dein Netz; es wird von selbst erneut versucht." },
  L002: { what: "Auf diesem Gerät ist niemand angemeldet.", todo: "Melde dich zuerst an." },
  L003: {
    what: "Dieses Passwort ist zu leicht zu erraten.",
    todo: "Nimm mindestens 12 Zeichen ohne deinen Benutzernamen darin, am besten ein paar Wörter ohne Zusammenhang.",
  },
  L004: { what: "Hier gibt es niemanden mit diesem Namen.", todo: "Prüf die Schreibweise." },
  L005: {
    what: "Der Speicher dieses Geräts lässt sich nicht lesen oder schreiben.",
    todo:
      "Erlaube dieser Seite, Daten zu speichern, verlass das private Fenster oder schaff Platz, und versuch es noch einmal. Es wurde nichts überschrieben.",
  },
  L006: {
    what: "Was der Server für dein Konto aufbewahrt, lässt sich nicht öffnen, oder es ist ein alter Stand.",
    todo: "Mach mit diesem Server nicht weiter, bevor der Betreiber es erklärt hat.",
  },
  L007: {
    what: "Ein Konto antwortet mit einem anderen Schlüssel als bisher.",
    todo: "Vergleicht die Sicherheitsnummern, bevor du schreibst.",
  },
  L008: {
    what: "Eine Nachricht war nicht so verschlüsselt, wie sie es sein muss.",
    todo: "Sie wurde nicht geöffnet. Der Absender muss die App aktualisieren.",
  },
  L009: {
    what: "Dieser Browser kann nicht sicherstellen, dass nur ein Tab arbeitet.",
    todo: "Nimm ein aktuelles Chrome, Edge, Firefox oder Safari, über https.",
  },
  L010: { what: "Du bist nicht in diesem Chat.", todo: "Bitte ein Mitglied, dich hinzuzufügen." },
  L011: {
    what: "Das ist zu lang oder zu groß.",
    todo: "Mach es kürzer oder kleiner: Eine Nachricht fasst 16 KiB Text und 30 Dateien, eine Datei 500 MiB.",
  },
  L012: { what: "Dieses Gerät ist schon angemeldet.", todo: "Melde dich zuerst ab." },
  L013: {
    what: "Die Uhr dieses Geräts geht um mehr als eine Stunde falsch.",
    todo: "Stell sie richtig. Bis dahin gilt die Zeit des Servers, wo es darauf ankommt.",
  },
  L015: {
    what: "Der Tab, der das getan hat, wurde geschlossen, bevor er sagen konnte, wie es ausging.",
    todo:
      "Sieh nach, ob es geschehen ist, bevor du es wieder versuchst. Wenn ein Wiederherstellungscode gezeigt werden sollte, erstelle einen neuen.",
  },
  L014: {
    what: "Dieser Wiederherstellungscode passt nicht.",
    todo: "Prüf jedes Zeichen und den Benutzernamen. Ein Code, der schon benutzt oder ersetzt wurde, gilt nicht mehr.",
  },
  L016: {
    what: "In diesem Chat ist ein früherer Schlüssel.",
    todo:
      "Du hast inzwischen einen anderen angenommen. Beginn einen neuen Chat, oder lass dieses Mitglied aus der Gruppe entfernen.",
  },
  L017: {
    what: "Der Schlüssel ist nicht der, dessen Nummer du gesehen hast.",
    todo: "Er hat sich noch einmal geändert. Vergleicht die Nummer, die jetzt angezeigt wird.",
  },
  L018: {
    what: "Jemand, der nicht in diesem Chat war, hat dich wieder hineingebracht.",
    todo: "Sieh nach, wer jetzt darin ist, und nimm an, bevor du schreibst.",
  },
  L019: { what: "Die Regeln dieses Chats erlauben das nicht.", todo: "Bitte einen Admin des Chats darum." },
  L020: {
    what: "Der Antwort des Servers ist nicht zu trauen.",
    todo: "Lade die Seite neu; wenn es wiederkommt, frag den Betreiber.",
  },
  L021: {
    what: "Das ist kein Benutzername.",
    todo: "Nimm 3 bis 32 Zeichen, a–z, 0–9, Punkt, Strich, Unterstrich, zuerst ein Buchstabe.",
  },
  L022: {
    what: "Benutzername oder Passwort ist falsch.",
    todo: "Prüf beides und versuch es noch einmal; wenn du neu bist, leg ein Konto an.",
  },
  L023: { what: "Dein Konto hat kein solches Gerät.", todo: "Sieh noch einmal in die Liste deiner Geräte." },
  L024: {
    what: "Ein Schlüssel vom Gerät einer Person ist nicht brauchbar.",
    todo: "Das Gerät muss einmal mit der neuesten Version online kommen. Versuch es dann noch einmal.",
  },
  L025: {
    what: "Dein Konto hat so viele Geräte, wie es haben darf.",
    todo: "Entferne ein Gerät, das du nicht mehr benutzt, und melde dich dann hier wieder an.",
  },
  L026: { what: "Der Name der Gruppe ist zu lang.", todo: "Nimm höchstens 200 Zeichen." },
  L027: {
    what: "Das sind zu viele Personen auf einmal.",
    todo: "Beginne mit höchstens 500 und füge die anderen danach hinzu.",
  },
  L031: { what: "Die Datei ist kein Text in UTF-8.", todo: "Speichere sie als UTF-8." },
  L032: { what: "Darin ist nichts zu sehen.", todo: "Schreib etwas, das man sehen kann." },
  L033: {
    what: "Was antwortet, ist nicht dieser Server.",
    todo: "Vergleich den Fingerabdruck seines Zertifikats; vielleicht antwortet jemand anderes an seiner Stelle.",
  },
  L034: {
    what: "In einem anderen Tab läuft eine andere Version dieser App.",
    todo: "Lade diesen Tab neu. Hilft das nicht, schließ die anderen Tabs dieser App.",
  },
  L035: {
    what: "Jemand macht die Gruppe immer wieder unbrauchbar.",
    todo:
      "Entferne diese Person in der Liste der Mitglieder. Wer es ist, ist nicht bekannt; du kannst Personen wieder hinzufügen.",
  },
  L036: {
    what: "Ein anderer Tab oder ein anderes Fenster hat übernommen, deshalb geht es hier nicht weiter.",
    todo: "Mach dort weiter oder lade diese Seite neu. Was als gesendet galt, ist nicht verloren.",
  },
  L044: {
    what: "Jemand in diesem Chat hat eine Version der App, die das noch nicht kennt.",
    todo: "Es geht, sobald alle Geräte auf dem neuen Stand sind.",
  },
  L045: {
    what: "Dieser Name oder diese Zeile geht nicht.",
    todo: "Nimm etwas Kürzeres, in einer Zeile, und einen Namen ohne @.",
  },
  L046: {
    what: "Dieses Bild geht nicht.",
    todo: "Wähle ein anderes Bild, zum Beispiel ein Foto.",
  },
  L037: {
    what: "Dieser Server kann noch kein Konto löschen. Nichts wurde geändert.",
    todo: "Bitte den Betreiber, ihn zu aktualisieren oder das Konto zu löschen.",
  },
  L040: {
    what: "Die Suche ist gerade nicht möglich.",
    todo: "Schaffe etwas Platz auf dem Gerät, und such noch einmal.",
  },
  L043: {
    what: "Diese Einladung ist noch nicht beantwortet.",
    todo: "Nimm sie an oder lehne sie ab; danach kannst du den Chat löschen.",
  },
  L039: {
    what: "Die Datei ließ sich nicht lesen oder ist beschädigt.",
    todo: "Wähle sie noch einmal aus oder bitte den Absender, sie noch einmal zu senden.",
  },
  L038: { what: "Der Export konnte nicht weitergehen.", todo: "Fang ihn noch einmal an." },
  L041: {
    what: "Dieser Einladungslink ist nicht zu gebrauchen.",
    todo: "Prüf, ob er vollständig ist. Vielleicht ist er abgelaufen oder zurückgezogen: Bitte um einen neuen.",
  },
  L042: { what: "Du hast diese Person blockiert.", todo: "Hebe das zuerst auf: Einstellungen, Privatsphäre." },
  L047: {
    what: "Du blockierst schon so viele Personen wie möglich, 500.",
    todo: "Hebe zuerst eine Blockierung auf: Einstellungen, Privatsphäre.",
  },
  L050: {
    what: "In der App ist etwas fehlgeschlagen.",
    todo: "Lade die Seite neu; was als gesendet galt, ist nicht verloren.",
  },
  evicted: {
    what: "Der Browser hat einen Teil des Speichers dieses Geräts gelöscht, die Schlüssel sind weg.",
    todo: "Melde dich neu an; es wird ein neues Gerät.",
  },
  revoked: {
    what: "Dieses Gerät wurde aus deinem Konto entfernt.",
    todo: "Warst du das nicht, ändere dein Passwort. Sonst melde dich neu an.",
  },
  deleted: {
    what: "Dieses Konto wurde gelöscht.",
    todo:
      "Was dieses Gerät davon hat, ist noch hier: Speichere eine Kopie oder lösche es. Wer sich hier anmeldet oder ein Konto anlegt, löscht es.",
  },
};

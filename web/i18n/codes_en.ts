/** Two English sentences for each code: what happened, and what to do. */

export interface CodeText {
  what: string;
  todo: string;
}

export const codesEn = {
  E001: { what: "The server does not know this session.", todo: "Sign in again." },
  E002: { what: "Your session has expired.", todo: "Sign in again." },
  E003: {
    what: "The server does not allow this for your device.",
    todo: "If it was removed from your account, sign in again.",
  },
  E004: { what: "The server speaks another version.", todo: "Reload the page to get the newest version." },
  E005: { what: "That was too often in a short time.", todo: "Wait a moment, then try again." },
  E006: {
    what: "This server takes no new accounts without an invitation.",
    todo: "Enter an invite code; whoever runs the server can give you one.",
  },
  E007: {
    what: "This username is taken, or not allowed.",
    todo: "Choose another: 3 to 32 of a–z, 0–9, dot, dash, underscore, a letter first.",
  },
  E008: {
    what: "The server refused the sign-in.",
    todo: "Try again. Use the new password if it was changed a moment ago.",
  },
  E010: { what: "The server speaks another version.", todo: "Reload the page to get the newest version." },
  E011: { what: "This is too large for the server.", todo: "Make it shorter." },
  E012: {
    what: "The server does not know the recipient.",
    todo: "They may have deleted their account. Check the name.",
  },
  E013: { what: "Too much is waiting for the recipient.", todo: "It is tried again when they have been online." },
  E014: {
    what: "The server could not read what was sent.",
    todo: "Reload the page; if it comes back, tell whoever runs the server.",
  },
  E015: { what: "The chat changed at the same moment.", todo: "Try again." },
  E016: { what: "This device is not in the chat.", todo: "Ask a member to add you again." },
  E017: {
    what: "The data of this device is older than what it sent before.",
    todo: "It asks to be put back into the chat. Wait until a member is online.",
  },
  E018: {
    what: "The server’s list of waiting messages is another one than this device knows.",
    todo: "Nothing: this device reads it from the beginning. If this stays, reload the page.",
  },
  E020: { what: "A key of this device is damaged.", todo: "Reload the page; new keys are made." },
  E021: { what: "A device encrypts in a way that is not allowed here.", todo: "Its owner must update the app." },
  E022: {
    what: "A key of a device is out of date.",
    todo: "Its owner must come online once. Check your own clock too.",
  },
  E023: {
    what: "A key does not belong to its device.",
    todo: "Sign out and in again; if it comes back, tell whoever runs the server.",
  },
  E024: { what: "A person has no keys left to be added with.", todo: "They must come online once. Try again then." },
  E026: {
    what: "This person takes chats from invited people only.",
    todo: "Ask them for an invite link. In groups that you share you can write as before.",
  },
  E027: {
    what: "This invite link is over, or there is none like it.",
    todo: "Ask whoever gave it to you for a new one.",
  },
  E025: {
    what: "A device lacks a key that all messages are encrypted with.",
    todo: "Its owner must update the app. Nothing is sent without it.",
  },
  E030: { what: "The file is too large.", todo: "Choose a smaller one." },
  E031: { what: "The file is no longer on the server.", todo: "Ask for it to be sent again." },
  E032: {
    what: "The server stores no more for your account, or its disk is full.",
    todo:
      "Wait until older files have expired and devices that you added have come online, or try again in an hour. If it stays, tell whoever runs the server.",
  },
  E040: { what: "The server is restarting.", todo: "It is tried again by itself." },
  E041: { what: "This device’s data is in use elsewhere.", todo: "Go on there, or use it here again." },
  E050: { what: "Something failed on the server.", todo: "Try again; if it comes back, tell whoever runs it." },
  L001: { what: "There is no connection to the server.", todo: "Check your network; it is tried again by itself." },
  L002: { what: "Nobody is signed in on this device.", todo: "Sign in first." },
  L003: {
    what: "This password is too easy to guess.",
    todo: "Use at least 12 characters without your username in them, best a few unrelated words.",
  },
  L004: { what: "There is nobody of this name here.", todo: "Check the spelling." },
  L005: {
    what: "This device’s storage can not be read or written.",
    todo:
      "Let this site store data, leave private browsing or free some space, and try again. Nothing was overwritten.",
  },
  L006: {
    what: "What the server keeps for your account does not open, or it is an old copy.",
    todo: "Do not go on with this server before whoever runs it has explained it.",
  },
  L007: {
    what: "An account answers with another key than before.",
    todo: "Compare safety numbers with that person before you write.",
  },
  L008: {
    what: "A message was not encrypted as it must be.",
    todo: "It was not opened. Its sender must update the app.",
  },
  L009: {
    what: "This browser can not make sure that only one tab is at work.",
    todo: "Use a current Chrome, Edge, Firefox or Safari, over https.",
  },
  L010: { what: "You are not in this chat.", todo: "Ask a member to add you." },
  L011: {
    what: "This is too long or too large.",
    todo: "Make it shorter or smaller: a message holds 16 KiB of text, a file 500 MiB, and a message 30 files.",
  },
  L012: { what: "This device is signed in already.", todo: "Sign out first." },
  L013: {
    what: "This device’s clock is off by more than an hour.",
    todo: "Set it right. Until then the server’s time is used where it counts.",
  },
  L015: {
    what: "The tab that was doing this was closed before it could say how it ended.",
    todo: "Look whether it was done before you try again. If a recovery code was to be shown, make a new one.",
  },
  L014: {
    what: "This recovery code does not fit.",
    todo: "Check each character, and the username. A code that was used once, or replaced, is void.",
  },
  L016: {
    what: "A former key is in this chat.",
    todo: "You have accepted another key since. Start a new chat, or have that member removed from the group.",
  },
  L017: {
    what: "The key is not the one whose number you saw.",
    todo: "It has changed again. Compare the number that is shown now.",
  },
  L018: {
    what: "Somebody who was not in this chat has brought you back into it.",
    todo: "Look at who is in it now, and accept before you write.",
  },
  L019: { what: "The rules of this chat do not allow that.", todo: "Ask an admin of the chat to do it." },
  L020: {
    what: "The server’s answer can not be trusted.",
    todo: "Reload the page; if it comes back, ask whoever runs the server.",
  },
  L021: {
    what: "This is not a username.",
    todo: "Use 3 to 32 of a–z, 0–9, dot, dash, underscore, a letter first.",
  },
  L022: {
    what: "Username or password is wrong.",
    todo: "Check both and try again; if you are new here, create an account.",
  },
  L023: { what: "Your account has no such device.", todo: "Look at the list of your devices again." },
  L024: {
    what: "A key of a person’s device can not be used.",
    todo: "Its owner must come online once with the newest version. Try again then.",
  },
  L025: {
    what: "Your account has as many devices as it may have.",
    todo: "Remove a device that you no longer use, then sign in here again.",
  },
  L026: { what: "The group’s name is too long.", todo: "Use 200 characters at most." },
  L027: { what: "These are too many people at once.", todo: "Start with 500 at most, and add the others then." },
  L031: { what: "The file is not UTF-8 text.", todo: "Save it as UTF-8." },
  L032: { what: "There is nothing to see in it.", todo: "Write something that people can see." },
  L033: {
    what: "What answers is not this server.",
    todo: "Check the key that was noted for it; somebody else may answer in its place.",
  },
  L034: {
    what: "Another tab runs another version of this app.",
    todo: "Reload this tab. If that does not help, close the other tabs of this app.",
  },
  L035: {
    what: "Somebody in the group breaks it again and again.",
    todo: "Remove that person in the list of members. Nothing says who it is; people can be added again.",
  },
  L036: {
    what: "Another tab or window has taken over, so this one has stopped.",
    todo: "Go on there, or reload this page. Nothing that was shown as sent is lost.",
  },
  L044: {
    what: "Somebody in this chat has a version of the app that does not know this yet.",
    todo: "It works once their devices have been updated.",
  },
  L045: {
    what: "This name or line can not be used.",
    todo: "Take a shorter one, on one line, and a name without @.",
  },
  L046: {
    what: "This picture can not be used.",
    todo: "Choose another picture, a photo for example.",
  },
  L037: {
    what: "This server can not delete an account yet. Nothing was changed.",
    todo: "Ask whoever runs it to upgrade it, or to delete the account.",
  },
  L040: { what: "The search is not possible right now.", todo: "Free some room on this device, then search again." },
  L043: {
    what: "This invitation was not answered yet.",
    todo: "Accept or decline it first; then you can delete the chat.",
  },
  L039: {
    what: "The file could not be read, or it is damaged.",
    todo: "Pick it again, or ask its sender to send it again.",
  },
  L038: { what: "The export could not go on.", todo: "Start it again." },
  L041: {
    what: "This invite link can not be used.",
    todo: "Check that it is whole. It may also have ended or been taken back: ask for a new one.",
  },
  L042: { what: "You have blocked this person.", todo: "Unblock them first: Settings, Privacy." },
  L047: { what: "You block as many people as can be, 500.", todo: "Unblock somebody first: Settings, Privacy." },
  L050: { what: "Something failed in the app.", todo: "Reload the page; nothing that was shown as sent is lost." },
  evicted: {
    what: "The browser cleared part of this device’s storage, so its keys are gone.",
    todo: "Sign in again; it becomes a new device.",
  },
  revoked: {
    what: "This device was removed from your account.",
    todo: "If that was not you, change your password. Else sign in again.",
  },
  deleted: {
    what: "This account was deleted.",
    todo:
      "What this device has of it is still here: save a copy, or erase it. Whoever signs in here, or makes an account, erases it.",
  },
} as const satisfies Record<string, CodeText>;

export type KnownCode = keyof typeof codesEn;

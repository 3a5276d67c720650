/** The sentences of choosing, recording and sending files, in English. */

export const outgoingEn = {
  "outgoing.photo": "Photo or video",
  "outgoing.file": "File",
  "outgoing.camera": "Camera",
  "outgoing.tray": "Files to send",
  "outgoing.remove": "Remove {name}",
  "outgoing.remove-all": "Remove all",
  "outgoing.add": "Add more",
  "outgoing.original": "Original quality",
  "outgoing.place": "{name} goes as it is. It may say where it was taken.",
  "outgoing.drop": "Drop files here to send them",
  "outgoing.too-many": "A message takes {most} files. The others were left out.",
  "outgoing.too-large": "{name} is too large: a file can have {most}.",
  "outgoing.folder": "Folders can not be sent. Choose the files in it, or pack it into one file.",
  "outgoing.feature": "Files can be sent here once the app of everybody in this chat is up to date.",
  "outgoing.lost": "The page was closed before your files were ready, so they were not sent. Please choose them again.",
  "outgoing.lost-ok": "Dismiss",

  "outgoing.voice": "Voice message",
  "outgoing.voice-asking": "Allow the microphone to begin",
  "outgoing.voice-refused":
    "The browser does not let this page use the microphone. You can allow it in the page’s settings, beside its address.",
  "outgoing.voice-missing": "No microphone was found.",
  "outgoing.voice-broken": "The microphone could not be used. Perhaps another program has it.",
  "outgoing.voice-ended": "The recording has ended. Send it, or cancel.",
  "outgoing.voice-time": "Recorded",

  "outgoing.progress": "Sending files",
  "outgoing.preparing": "Getting ready",
  "outgoing.encrypting": "Encrypting: {share}",
  "outgoing.sending": "{done} of {total}, {share}",
  "outgoing.paused": "Paused at {share}",
  "outgoing.failed": "Not sent",
  "outgoing.pause": "Pause",
  "outgoing.resume": "Resume",
  "outgoing.cancel": "Cancel",
} as const;

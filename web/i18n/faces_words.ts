/** The sentences about the own profile and the pictures of groups. They come with the parts that are loaded for them. */

import { type Language, language } from "./language.ts";

interface FacesWords {
  edit: string;
  title: string;
  why: string;
  name: string;
  nameHint: string;
  about: string;
  aboutHint: string;
  choose: string;
  change: string;
  remove: string;
  picture: string;
  save: string;
  cancel: string;
  groupChoose: string;
  groupChange: string;
  groupRemove: string;
}

const en: FacesWords = {
  edit: "Edit profile",
  title: "Profile",
  why: "Name and picture travel encrypted and reach only the people you share a chat with.",
  name: "Name",
  nameHint: "What people see. Your username stays your address.",
  about: "About",
  aboutHint: "A line about you",
  choose: "Choose a picture",
  change: "Change picture",
  remove: "Remove picture",
  picture: "Picture",
  save: "Save",
  cancel: "Cancel",
  groupChoose: "Add a group picture",
  groupChange: "Change the group’s picture",
  groupRemove: "Remove the group’s picture",
};

const de: FacesWords = {
  edit: "Profil bearbeiten",
  title: "Profil",
  why: "Name und Bild reisen verschlüsselt und erreichen nur die Personen, mit denen du einen Chat hast.",
  name: "Name",
  nameHint: "Was andere sehen. Dein Benutzername bleibt deine Adresse.",
  about: "Über mich",
  aboutHint: "Eine Zeile über dich",
  choose: "Bild wählen",
  change: "Bild ändern",
  remove: "Bild entfernen",
  picture: "Bild",
  save: "Speichern",
  cancel: "Abbrechen",
  groupChoose: "Gruppenbild hinzufügen",
  groupChange: "Bild der Gruppe ändern",
  groupRemove: "Bild der Gruppe entfernen",
};

const words: Record<Language, FacesWords> = { en, de };

/** @returns the sentences in the page's language */
export function facesWords(): FacesWords {
  return words[language];
}

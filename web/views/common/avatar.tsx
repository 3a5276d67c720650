import type { JSX } from "solid-js";
import { Icon } from "./icons.tsx";

const hues = 8;

/** @returns one of eight colours; a name always gets the same one */
export function hueOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 65_521;
  return sum % hues;
}

/** A coloured initial. It only repeats the name beside it, so it is hidden from assistive technology. */
export function Avatar(props: { name: string; group?: boolean }): JSX.Element {
  return (
    // One string: beside `classList`, a `class` that changes takes the other's classes away.
    <span class={`avatar hue-${hueOf(props.name)}${props.group ? " avatar-group" : ""}`} aria-hidden="true">
      {props.group ? <Icon name="group" /> : [...props.name][0]?.toUpperCase()}
    </span>
  );
}

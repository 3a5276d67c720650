/**
 * @returns whether a key belongs to an input method, for example an Enter that ends a composition. Safari ends the
 *   composition first and tells by the code 229 alone (UI Events §7.3.1)
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** Saves a text as a file: what a browser does with a download. */

/** How long the browser may take to begin with the file, in ms. */
const beginMs = 10_000;

/** @param name of the file @param text its content; it is in no address, and is let go of after the download began */
export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), beginMs);
}

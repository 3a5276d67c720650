/** Reads a whole conversation in a page: what is far from the view is not drawn until somebody scrolls to it. */

/** A message as it is shown. */
export interface ShownMessage {
  text: string;
  /** It says that it was sent, delivered or read. */
  sent: boolean;
}

/**
 * Scrolls from the start to the end. Runs inside of the page, so it uses nothing from outside of itself.
 *
 * @param log the element with the role "log"
 * @returns the messages in their order, each row once
 */
export async function allMessages(log: Element): Promise<ShownMessage[]> {
  // Not by frames: a window behind another one draws none in Firefox.
  const drawn = () => new Promise((resolve) => setTimeout(resolve, 50));
  const found = new Map<string, ShownMessage>();
  for (log.scrollTop = 0;;) {
    await drawn();
    for (const row of log.querySelectorAll<HTMLElement>("[data-row]")) {
      const article = row.querySelector("article");
      if (!article) continue;
      const sent = article.querySelector("[aria-label=Sent], [aria-label=Delivered], [aria-label=Read]") !== null;
      found.set(row.dataset.row!, { text: article.innerText, sent });
    }
    const before = log.scrollTop;
    log.scrollTop += log.clientHeight / 2;
    if (log.scrollTop === before) return [...found.values()];
  }
}

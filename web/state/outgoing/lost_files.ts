/**
 * Files that were not encrypted yet when the page went: their message is lost, and the page says so when it is back.
 * The browser keeps of it, for this tab, the ids of chat and message and nothing of what they say.
 */

const key = "qpq-unread-files";

type Marks = Record<string, string>;

export interface LostFiles {
  /** Files of a message are being read. */
  begin(chatId: string, messageId: string): void;
  end(messageId: string): void;
  /** @returns messages of a chat whose files an earlier page has not read to their end */
  of(chatId: string): string[];
  clear(): void;
}

/** @param storageOf gives sessionStorage, or throws where the browser forbids it: then nothing is remembered */
export function createLostFiles(storageOf: () => Pick<Storage, "getItem" | "setItem" | "removeItem">): LostFiles {
  const ours = new Set<string>();

  function read(): Marks {
    try {
      return JSON.parse(storageOf().getItem(key) ?? "{}") as Marks;
    } catch {
      return {};
    }
  }

  function write(marks: Marks): void {
    try {
      if (Object.keys(marks).length > 0) storageOf().setItem(key, JSON.stringify(marks));
      else storageOf().removeItem(key);
    } catch {
      // A full or forbidden storage: nothing depends on it.
    }
  }

  return {
    begin(chatId, messageId) {
      ours.add(messageId);
      write({ ...read(), [messageId]: chatId });
    },
    end(messageId) {
      const { [messageId]: _ended, ...others } = read();
      write(others);
    },
    of: (chatId) =>
      Object.entries(read()).flatMap(([messageId, chat]) => chat === chatId && !ours.has(messageId) ? [messageId] : []),
    clear: () => write({}),
  };
}

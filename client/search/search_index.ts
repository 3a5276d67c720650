/**
 * The index in its database: which line has which words, and how far it was built.
 *
 * A line's number there grows with its time, so that "newest first" is the order in which the index is read anyway.
 */

import { type SearchDatabase, SearchDatabaseError, type SqlValue } from "./search_database.ts";
import { indexed } from "./tokens.ts";

/** What the index learns of a line. */
export interface IndexedLine {
  chatId: string;
  order: string;
  atMs: number;
  sender: string;
  /** What is searched: text and names of files. */
  text: string;
}

/** A line that the index has found. */
export interface FoundLine {
  /** The line's number: lines that were found later have lower ones. */
  id: number;
  chatId: string;
  order: string;
}

/** A chat that is not in the index as a whole yet. */
export interface UnbuiltChat {
  chatId: string;
  /** Lines from this place on are in it; undefined: none. */
  before: string | undefined;
}

/** Tells forms of the index apart. An index of another form is built anew. */
const form = 1;
/** So many lines of one millisecond are told apart: with 2,048, numbers are safe integers until the year 2109. */
const linesInMs = 2048;
const latestMs = Math.floor(Number.MAX_SAFE_INTEGER / linesInMs) - 1000;
/** Pages that stay in memory, in KiB. */
const cacheKiB = 8192;
/** The longest text that is indexed, in UTF-16 units: more than a message has. */
export const maxIndexedText = 65_536;

const schema = `
  CREATE TABLE chats (id INTEGER PRIMARY KEY, chat TEXT NOT NULL UNIQUE, before TEXT, built INTEGER NOT NULL) STRICT;
  CREATE TABLE lines (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, place TEXT NOT NULL, UNIQUE (chat, place)) STRICT;
  CREATE VIRTUAL TABLE words USING fts5 (chat, sender, body, tokenize = 'ascii', prefix = '1 2 3');
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
  PRAGMA user_version = ${form}`;

/** The index of one profile, in an open database. */
export class SearchIndex {
  readonly #db: SearchDatabase;
  /** The numbers of chats, by their ids. */
  readonly #chats = new Map<string, number>();

  /**
   * @param chatIds gives the chats that a new index has to take in
   * @throws SearchDatabaseError when it is damaged, or has the form of another version
   */
  constructor(db: SearchDatabase, chatIds: () => readonly string[]) {
    this.#db = db;
    // What is deleted is overwritten. Nothing is written beside the encrypted file and its journal, which stays.
    db.run(`PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA synchronous = NORMAL;
      PRAGMA journal_mode = PERSIST; PRAGMA journal_size_limit = 1048576; PRAGMA cache_size = -${cacheKiB}`);
    const version = db.rows("PRAGMA user_version")[0]?.[0];
    if (version === 0 && db.rows("SELECT count(*) FROM sqlite_schema")[0][0] === 0) this.#begin(chatIds());
    else if (version !== form) throw new SearchDatabaseError("the search index has another form");
    for (const [id, chat] of db.rows("SELECT id, chat FROM chats")) this.#chats.set(chat as string, id as number);
  }

  /** Runs work as one transaction: it is in the index as a whole or not at all. */
  atOnce(work: () => void): void {
    this.#db.run("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.run("COMMIT");
    } catch (error) {
      try {
        this.#db.run("ROLLBACK");
      } catch {
        // The first error says more.
      }
      // The transaction may have named chats.
      this.#chats.clear();
      throw error;
    }
  }

  /** Puts a line into the index, in the place of what the index has of it. */
  put({ chatId, order, atMs, sender, text }: IndexedLine): void {
    const chat = this.#numberOf(chatId);
    const words: SqlValue[] = [chatToken(chat), indexed(sender), indexed(text.slice(0, maxIndexedText))];
    const ms = Math.max(0, Math.min(Math.floor(atMs), latestMs));
    const known = this.#lineAt(chat, order);
    if (known !== undefined) {
      // Most changes of a line (that it was sent, a reaction) leave its words as they are.
      const [row] = this.#db.rows("SELECT sender, body FROM words WHERE rowid = ?", [known]);
      if (row?.[0] === words[1] && row[1] === words[2] && Math.floor(known / linesInMs) === ms) return;
      this.#delete(known);
    }
    const id = this.#freeNumber(ms);
    this.#db.run("INSERT INTO lines VALUES (?, ?, ?)", [id, chat, order]);
    this.#db.run("INSERT INTO words (rowid, chat, sender, body) VALUES (?, ?, ?, ?)", [id, ...words]);
  }

  /** Takes a line out of the index. */
  remove(chatId: string, order: string): void {
    const chat = this.#chatNumber(chatId);
    const known = chat === undefined ? undefined : this.#lineAt(chat, order);
    if (known !== undefined) this.#delete(known);
  }

  /**
   * @param expression see `expressionOf`
   * @param below only lines with lower numbers: those of the next page
   * @returns newest first
   */
  find(expression: string, limit: number, below: number = Number.MAX_SAFE_INTEGER): FoundLine[] {
    return this.#db.rows(
      `SELECT lines.id, chats.chat, lines.place FROM words
         JOIN lines ON lines.id = words.rowid JOIN chats ON chats.id = lines.chat
       WHERE words MATCH ? AND words.rowid < ? ORDER BY words.rowid DESC LIMIT ?`,
      [expression, below, limit],
    ).map(([id, chatId, order]) => ({ id, chatId, order }) as FoundLine);
  }

  /** @returns what names a chat in an expression; undefined for a chat of which nothing is in the index */
  tokenOf(chatId: string): string | undefined {
    const chat = this.#chatNumber(chatId);
    return chat === undefined ? undefined : chatToken(chat);
  }

  /** Makes the tables. The chats are noted with them, so that no index ever passes for complete too early. */
  #begin(chatIds: readonly string[]): void {
    this.atOnce(() => {
      this.#db.run(schema);
      for (const chatId of chatIds) this.#db.run("INSERT INTO chats (chat, built) VALUES (?, 0)", [chatId]);
    });
  }

  /** Notes how far a chat is in the index. @param before of its oldest line in it; undefined: it is there as a whole */
  noteBuilt(chatId: string, before: string | undefined): void {
    this.#db.run("UPDATE chats SET built = ?, before = ? WHERE chat = ?", [
      before === undefined ? 1 : 0,
      before ?? null,
      chatId,
    ]);
  }

  /** @returns chats that are not in the index as a whole, in the order in which they were noted */
  unbuilt(): UnbuiltChat[] {
    return this.#db.rows("SELECT chat, before FROM chats WHERE built = 0 ORDER BY id")
      .map(([chatId, before]) => ({ chatId: chatId as string, before: before as string | null ?? undefined }));
  }

  #numberOf(chatId: string): number {
    const known = this.#chatNumber(chatId);
    if (known !== undefined) return known;
    this.#db.run("INSERT INTO chats (chat, built) VALUES (?, 1)", [chatId]);
    return this.#chatNumber(chatId)!;
  }

  #chatNumber(chatId: string): number | undefined {
    const known = this.#chats.get(chatId) ??
      this.#db.rows("SELECT id FROM chats WHERE chat = ?", [chatId])[0]?.[0] as number | undefined;
    if (known !== undefined) this.#chats.set(chatId, known);
    return known;
  }

  #lineAt(chat: number, order: string): number | undefined {
    return this.#db.rows("SELECT id FROM lines WHERE chat = ? AND place = ?", [chat, order])[0]?.[0] as
      | number
      | undefined;
  }

  #delete(id: number): void {
    this.#db.run("DELETE FROM words WHERE rowid = ?", [id]);
    this.#db.run("DELETE FROM lines WHERE id = ?", [id]);
  }

  #freeNumber(ms: number): number {
    for (let first = ms * linesInMs;; first += linesInMs) {
      const [[last]] = this.#db.rows("SELECT max(id) FROM lines WHERE id >= ? AND id < ?", [first, first + linesInMs]);
      const free = last === null ? first : last as number + 1;
      if (free < first + linesInMs) return free;
    }
  }
}

/** @returns the lowest number that a line of this time or later can have */
export function lowestNumber(atMs: number): number {
  return Math.max(0, Math.min(Math.floor(atMs), latestMs)) * linesInMs;
}

/** What names a chat in the column of chats. */
function chatToken(chat: number): string {
  return `c${chat}`;
}

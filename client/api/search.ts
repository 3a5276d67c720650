/** What the search of messages is asked, and what it answers. */

/** Where to search, and how much. */
export interface SearchOptions {
  /** In this chat alone; absent: in all. */
  chatId?: string;
  /** The most hits; at most 100, and 20 unless said. */
  limit?: number;
  /** {@link SearchResult.before} of the page before. */
  before?: string;
  /** Of this person alone: a username. */
  sender?: string;
  /** Not older than this, in ms. */
  sinceMs?: number;
  /** Messages with files alone. */
  files?: true;
}

/** A message that matches. */
export interface SearchHit {
  chatId: string;
  /** Its place in the conversation. */
  order: string;
  /** hex, 16 bytes */
  messageId: string;
  /** Username. */
  sender: string;
  own: boolean;
  atMs: number;
  /** The surroundings of the first match, in one line. */
  text: string;
  /** The matches in `text`, in UTF-16 units: from, and up to. */
  ranges: [start: number, end: number][];
}

/** One page of hits. */
export interface SearchResult {
  /** Newest first. */
  hits: SearchHit[];
  /** Hand it to `search` for the next page; absent where there is none. */
  before?: string;
  /** False while the index is being built: older messages may be missing. */
  isComplete: boolean;
}

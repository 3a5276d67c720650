/** What one client of the daemon may use: the others have the rest. */

/** Bytes of a line that a client sends. */
export const maxLineBytes = 1_048_576;

/** Connections to the socket at once. */
export const maxConnections = 32;

/** Calls and subscriptions that are open on a connection at once. */
export const maxOpenCalls = 16;

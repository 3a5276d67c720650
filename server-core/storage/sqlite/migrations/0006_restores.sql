-- When this data was put in from a backup, and what the newest message is that the backup had (0: none). Clients say again what they had said after it.
CREATE TABLE restores (
  restored_ms INTEGER PRIMARY KEY,
  newest_ms INTEGER NOT NULL
) STRICT;

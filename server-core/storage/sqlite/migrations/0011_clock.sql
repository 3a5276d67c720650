-- The newest time that the core has trusted, in one row, so that a clock that is far ahead or back is noticed after a restart. There is no row until the first start of a server that knows it: that one believes the machine's clock.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  newest_ms INTEGER NOT NULL,
  step_ms INTEGER NOT NULL,
  steady_ms INTEGER NOT NULL,
  accepted INTEGER NOT NULL
) STRICT;

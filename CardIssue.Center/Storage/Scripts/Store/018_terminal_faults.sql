-- What a terminal's module failed in, and that a terminal is held for it until people release it.
CREATE TABLE terminal_faults (
  id INTEGER PRIMARY KEY,
  terminal TEXT NOT NULL,
  at INTEGER NOT NULL,
  fault TEXT NOT NULL
)
;
CREATE INDEX terminal_faults_terminal ON terminal_faults (terminal, at)
;
ALTER TABLE terminals ADD COLUMN held_since INTEGER
;
ALTER TABLE terminals ADD COLUMN held_for TEXT

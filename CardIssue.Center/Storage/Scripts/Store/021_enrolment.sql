-- Terminals that may enrol with a one-time code, of which the vault's seal of a key is kept; the next keys of a terminal; one that was removed.
CREATE TABLE enrolments (
  terminal TEXT PRIMARY KEY,
  lines TEXT NOT NULL,
  networks TEXT NOT NULL,
  verifier BLOB NOT NULL,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  seal BLOB,
  seal_generation INTEGER
)
;
CREATE TABLE enrolment_tries (
  id INTEGER PRIMARY KEY,
  terminal TEXT NOT NULL,
  place TEXT NOT NULL,
  at INTEGER NOT NULL
)
;
CREATE INDEX enrolment_tries_terminal ON enrolment_tries (terminal, place)
;
ALTER TABLE terminals ADD COLUMN removed INTEGER
;
ALTER TABLE terminals ADD COLUMN next_credential_key BLOB
;
ALTER TABLE terminals ADD COLUMN next_agreement_key BLOB
;
ALTER TABLE terminals ADD COLUMN next_certificate BLOB
;
ALTER TABLE terminals ADD COLUMN next_key_version INTEGER
;
CREATE TABLE session_ends (
  session TEXT PRIMARY KEY,
  asked_by TEXT NOT NULL,
  at INTEGER NOT NULL
)

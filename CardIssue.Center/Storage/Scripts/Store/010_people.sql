-- People with accounts at the center. What an account is stands under an HMAC of the vault's (mac); its tries do not, for they only ever shut out.
CREATE TABLE people (
  person TEXT PRIMARY KEY COLLATE NOCASE,
  roles INTEGER NOT NULL,
  verifier BLOB NOT NULL,
  one_time INTEGER NOT NULL,
  locked INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  mac BLOB NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  tried_at INTEGER
)
;
-- Refused logins that no entry of the log tells of yet, by name; those with names that nobody has are together, under no name.
CREATE TABLE refused_logins (
  person TEXT PRIMARY KEY COLLATE NOCASE,
  untold INTEGER NOT NULL,
  told_at INTEGER NOT NULL
)
;
-- What one person asks for and another approves (state 1 waits, 2 approved and not used yet, 3 carried out, 4 declined).
CREATE TABLE approvals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  act TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  nonce BLOB NOT NULL,
  state INTEGER NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  note TEXT NOT NULL,
  mac BLOB NOT NULL
)
;
CREATE INDEX approvals_state ON approvals (state, id)

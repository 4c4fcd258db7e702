-- HMAC of card number and sequence number under a key of the vault; no bytes where the card is of no account, NULL where the order is older than this column.
ALTER TABLE orders ADD COLUMN account_digest BLOB
;
CREATE INDEX orders_account ON orders (account_digest) WHERE account_digest IS NOT NULL

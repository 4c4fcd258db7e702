-- Where the store was moved to: then it is not here any more, and what is here is never served again.
ALTER TABLE store_meta ADD COLUMN moved_to TEXT

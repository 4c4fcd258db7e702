-- The latest checkpoint that was exported when a put-back was found; 0 for none. Up to it nothing that checkpoints tell is news.
ALTER TABLE put_backs ADD COLUMN checkpoint INTEGER NOT NULL DEFAULT 0

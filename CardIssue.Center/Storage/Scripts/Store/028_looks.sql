-- What is looked for with each card, each session and each look of a host: not one of these goes through a whole table.
CREATE INDEX orders_card ON orders (card) WHERE card IS NOT NULL AND rewrite IS NULL
;
CREATE INDEX readers_terminal ON readers (terminal, id)
;
CREATE INDEX terminals_next_certificate ON terminals (next_certificate) WHERE next_certificate IS NOT NULL
;
CREATE INDEX terminals_revision ON terminals (revision)
;
CREATE INDEX code_attempts_at ON code_attempts (at)

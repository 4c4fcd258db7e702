-- Who was given the resume token with the code: a claim by token is his too, also where none was held in between. Of older tokens the history knows it.
ALTER TABLE orders ADD COLUMN token_operator TEXT
;
UPDATE orders SET token_operator = (
  SELECT substr(h.detail, instr(h.detail, ', operator ') + 11) FROM order_history h
  WHERE h.order_id = orders.order_id AND h.change = 'Claimed' AND h.detail LIKE '%, operator _%' ORDER BY h.id DESC LIMIT 1)
WHERE token_hash IS NOT NULL

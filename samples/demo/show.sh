# What the demo shows, the same over each line and with each reader.
prepare

say "A center is set up: vault, two people, a test key that one asks for and the other approves, products and orders"
set_up_center
center order import --product "$ORDERS/visa-like-e2e.product.json" --product "$ORDERS/visa-like-module.product.json" --orders "$ORDERS/orders.json"
for order in E2E-0001 E2E-0002 MODULE-0001 MODULE-0002; do code_of "$order"; done

say "A terminal is enrolled for line 1, with one known reader: $ABOUT_READER"
enrol_shop
od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n' | tr a-f A-F >"$WORK/other-key.hex"

say "1. End-to-end mode: the center opens the card; the terminal carries what it cannot read"
card one.card 1 "$ORDERS/test-key.hex"
put_in one.card
issue shop E2E-0001 "$WORK/one.log" || fail "E2E-0001 was not issued"
take_out
compare E2E-0001 one.card

say "2. Module mode: a card with another key is refused (S255), then a good one is issued"
card foreign.card 90 "$WORK/other-key.hex"
card two.card 2 "$ORDERS/test-key.hex"
put_in foreign.card
begin_issue shop MODULE-0001 "$WORK/two.log"
wait_for "$WORK/two.log" "S255" 30
exchange two.card
follow "$ISSUING" "$WORK/two.log" || fail "MODULE-0001 was not issued"
take_out
compare MODULE-0001 two.card

say "3. A terminal is killed in mid-record; the order is recovered with the same card, and with no other"
card three.card 3 "$ORDERS/test-key.hex"
card four.card 4 "$ORDERS/test-key.hex"
put_in three.card p71
begin_issue shop E2E-0002 "$WORK/three.log"
wait_for "$WORK/three.log" "S280" 30
kill -9 "$ISSUING"
wait "$ISSUING" 2>/dev/null || true
cat "$WORK/three.log"
echo "-- killed here --"
take_out
put_in four.card
begin_issue shop E2E-0002 "$WORK/four.log"
wait_for "$WORK/four.log" "begun with another card" 60
exchange three.card
follow "$ISSUING" "$WORK/four.log" || fail "E2E-0002 was not recovered"
take_out
compare E2E-0002 three.card

say "4. An unknown terminal is refused (S310)"
make_terminal stranger
card five.card 5 "$ORDERS/test-key.hex"
put_in five.card
if issue stranger MODULE-0002 "$WORK/five.log"; then fail "an unknown terminal was let in"; fi
grep -q "S310\|refused\|NotKnown\|not trust" "$WORK/five.log" || fail "the refusal was not told"
take_out

say "What the center saw, step by step"
grep -E "S[0-9]{3}" "$WORK/center.log" || fail "the center showed no steps"

say "The center stops; the log is verified"
stop_center
center log verify
center order list

say "All as it must be, in $(( $(date +%s) - BEGAN )) s"

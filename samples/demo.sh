#!/usr/bin/env bash
# The demo: a center, terminals and virtual cards as processes of their own, over TLS on loopback. Asks nothing, keeps nothing, exits 0.
# Test data only: test PANs, and a test key that everybody knows.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CONFIGURATION=Release
OUT="bin/$CONFIGURATION/net10.0"
CENTERHOST="$ROOT/samples/CenterHost/$OUT/centerhost.dll"
TERMINALHOST="$ROOT/samples/TerminalHost/$OUT/terminalhost.dll"
VIRTUALCARD="$ROOT/samples/VirtualCard/$OUT/virtualcard.dll"
ORDERS="$ROOT/samples/orders"

WORK="$(mktemp -d "${TMPDIR:-/tmp}/cardissue-demo.XXXXXX")"
chmod 700 "$WORK"
CENTER="$WORK/center"
STARTED=$(date +%s)

finish() {
  local status=$?
  # Every process of the demo has its folder on its command line.
  pkill -f -- "$WORK" 2>/dev/null || true
  if [ "$status" -ne 0 ]; then
    echo
    echo "The demo failed (exit $status). The last lines of the center:" >&2
    tail -n 15 "$WORK/center.log" >&2 2>/dev/null || true
  fi
  rm -rf "$WORK"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
center() { dotnet "$CENTERHOST" "$@" --data "$CENTER" --passphrase-file "$WORK/passphrase"; }

wait_for() { # wait_for FILE TEXT SECONDS
  local end=$(( $(date +%s) + $3 ))
  until grep -q -- "$2" "$1" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || fail "'$2' did not come within $3 s in $(basename "$1"): $(tail -n 3 "$1" 2>/dev/null)"
    sleep 0.05
  done
}

make_terminal() { # make_terminal NAME
  dotnet "$TERMINALHOST" module init --id "$1" --center "$CENTER/center.json" --data "$WORK/$1" --passphrase-file "$WORK/passphrase" >/dev/null
}

card() { # card FILE SERIAL KEYFILE: a factory-fresh card with keys from that master key
  dotnet "$VIRTUALCARD" new --profile blank-emv --out "$WORK/$1" --serial "$2" --kvn 30 --master-key-file "$3" --diversify Kdf3 >/dev/null
}

put_in() { # put_in FILE NAME [TIMING]: a reader with that card in it; its port is in PORT, its process in READER
  : >"$WORK/reader.$2"
  dotnet "$VIRTUALCARD" serve --port 0 --control-port 0 --card "$WORK/$1" ${3:+--timing "$3"} --json >"$WORK/reader.$2" 2>&1 &
  READER=$!
  wait_for "$WORK/reader.$2" '"port"' 20
  PORT=$(sed -n 's/.*"port": *\([0-9]*\).*/\1/p' "$WORK/reader.$2" | head -n 1)
  CONTROL=$(sed -n 's/.*"controlPort": *\([0-9]*\).*/\1/p' "$WORK/reader.$2" | head -n 1)
}

take_out() { kill "$READER" 2>/dev/null || true; wait "$READER" 2>/dev/null || true; }

control() { # control LINE: tells the reader's card slot something
  exec 9<>"/dev/tcp/127.0.0.1/$CONTROL"
  printf '%s\n' "$1" >&9
  read -r -t 5 reply <&9 || fail "the card slot did not answer to: $1"
  exec 9>&- 9<&-
}

issue() { # issue TERMINAL ORDER LOG
  dotnet "$TERMINALHOST" issue --order "$2" --code-file "$WORK/$2.code" --operator olga --connect "127.0.0.1:$CENTERPORT" \
    --reader "tcp:127.0.0.1:$PORT?serial=VC-0001&vendor=CardIssue&model=VirtualCard" --data "$WORK/$1" --passphrase-file "$WORK/passphrase" 2>&1 | tee "$3"
}

code_of() { # the issue code that the orders' file gives an order
  sed -n "/\"orderId\": \"$1\"/,/issueCode/s/.*\"issueCode\": \"\(.*\)\".*/\1/p" "$ORDERS/orders.json" >"$WORK/$1.code"
  [ -s "$WORK/$1.code" ] || fail "no issue code for $1"
}

field_of() { sed -n "/\"orderId\": \"$1\"/,/}/s/.*\"$2\": \"\(.*\)\".*/\1/p" "$ORDERS/orders.json" | head -n 1; }

compare() { # compare ORDER CARDFILE: reads the card back and compares it with the order
  local dump track2 name pan
  dump=$(dotnet "$VIRTUALCARD" dump "$WORK/$2" --json)
  track2=$(field_of "$1" track2)
  pan=$(field_of "$1" cardNumber)
  name=$(field_of "$1" name | od -An -tx1 | tr -d ' \n' | tr a-f A-F | sed 's/0A$//')
  for expected in "57$(printf '%02X' $((${#track2} / 2)))$track2" "5A$(printf '%02X' $((${#pan} / 2)))$pan" "$name"; do
    [[ "${dump^^}" == *"$expected"* ]] || fail "the card of $1 does not hold what was ordered"
  done
  echo "read back: track 2, card number and name on the card are those of $1"
}

head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$WORK/passphrase"
chmod 600 "$WORK/passphrase"

say "A center is set up: vault, test key (two custodians), products and orders"
center init --id demo-center
center key ceremony --file "$ORDERS/test-key.ceremony.json" 2>/dev/null
center order import --product "$ORDERS/visa-like-e2e.product.json" --product "$ORDERS/visa-like-module.product.json" --orders "$ORDERS/orders.json"
for order in E2E-0001 E2E-0002 MODULE-0001 MODULE-0002; do code_of "$order"; done

say "A terminal is enrolled for line 1, with one known reader"
make_terminal shop
center terminal add --file "$WORK/shop/terminal.json" --line 1 --address 127.0.0.1/32
center reader add --terminal shop --kind virtual --serial VC-0001
dotnet "$CENTERHOST" serve --line 1=tls:127.0.0.1:0 --data "$CENTER" --passphrase-file "$WORK/passphrase" >"$WORK/center.log" 2>&1 &
CENTERPID=$!
wait_for "$WORK/center.log" "ready line 1" 30
CENTERPORT=$(sed -n 's/.*ready line 1 .*:\([0-9]*\)$/\1/p' "$WORK/center.log" | head -n 1)
echo "the center serves line 1 on port $CENTERPORT, TLS 1.3 with certificates of both sides"
awk 'BEGIN { while (("od -An -N16 -tx1 /dev/urandom" | getline line) > 0) { gsub(" ", "", line); print toupper(line) } }' >"$WORK/other-key.hex"

say "1. End-to-end mode: the center opens the card; the terminal carries what it cannot read"
card one.card 1 "$ORDERS/test-key.hex"
put_in one.card one
issue shop E2E-0001 "$WORK/one.log" || fail "E2E-0001 was not issued"
take_out
compare E2E-0001 one.card

say "2. Module mode: a card with another key is refused (S255), then a good one is issued"
card foreign.card 90 "$WORK/other-key.hex"
card two.card 2 "$ORDERS/test-key.hex"
put_in foreign.card two
: >"$WORK/two.log"
issue shop MODULE-0001 "$WORK/two.log" &
ISSUING=$!
wait_for "$WORK/two.log" "S255" 30
control remove
sleep 0.5
control "insert $WORK/two.card"
wait "$ISSUING" || fail "MODULE-0001 was not issued"
take_out
compare MODULE-0001 two.card

say "3. A terminal is killed in mid-record; the order is recovered with the same card, and with no other"
card three.card 3 "$ORDERS/test-key.hex"
card four.card 4 "$ORDERS/test-key.hex"
put_in three.card three p71
: >"$WORK/three.log"
issue shop E2E-0002 "$WORK/three.log" >"$WORK/three.out" 2>&1 &
wait_for "$WORK/three.log" "S280" 30
pkill -9 -f "terminalhost.dll issue --order E2E-0002 .*$WORK" || fail "the terminal could not be killed"
wait $! 2>/dev/null || true
cat "$WORK/three.log"
echo "-- killed here --"
take_out
put_in four.card four
: >"$WORK/four.log"
issue shop E2E-0002 "$WORK/four.log" &
ISSUING=$!
wait_for "$WORK/four.log" "begun with another card" 30
control remove
sleep 0.5
control "insert $WORK/three.card"
wait "$ISSUING" || fail "E2E-0002 was not recovered"
take_out
compare E2E-0002 three.card

say "4. An unknown terminal is refused (S310)"
make_terminal stranger
card five.card 5 "$ORDERS/test-key.hex"
put_in five.card five
if issue stranger MODULE-0002 "$WORK/five.log"; then fail "an unknown terminal was let in"; fi
grep -q "S310\|refused\|NotKnown\|not trust" "$WORK/five.log" || fail "the refusal was not told"
take_out

say "What the center saw, step by step"
grep -E "S[0-9]{3}" "$WORK/center.log" || fail "the center showed no steps"

say "The center stops; the log is verified"
kill -TERM "$CENTERPID"
wait "$CENTERPID" || fail "the center did not stop in order"
center log verify
center order list

say "All as it must be, in $(( $(date +%s) - STARTED )) s"

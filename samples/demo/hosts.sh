# The programs of the demo, and what they are asked to do.
OUT="bin/$CONFIGURATION/net10.0"
CENTERHOST="$ROOT/samples/CenterHost/$OUT/centerhost.dll"
TERMINALHOST="$ROOT/samples/TerminalHost/$OUT/terminalhost.dll"
VIRTUALCARD="$ROOT/samples/VirtualCard/$OUT/virtualcard.dll"
ORDERS="$ROOT/samples/orders"
CENTER="$WORK/center"

# The least that guessing a secret may cost: nothing here is one.
CENTERHOST=(env CARDISSUE_Argon2__MemoryKiB=19456 CARDISSUE_Argon2__Passes=2 CARDISSUE_Argon2__Lanes=1 dotnet "$CENTERHOST")

center() { center_as ann "$@"; }

center_as() { # center_as PERSON COMMAND...
  local person="$1"
  shift
  "${CENTERHOST[@]}" "$@" --data "$CENTER" --passphrase-file "$WORK/passphrase" --as "$person" --password-file "$WORK/$person.password"
}

set_up_center() { # secrets, the vault, two people, and the test key that the samples' cards come with
  local person
  head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$WORK/passphrase"
  for person in ann bob; do head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$WORK/$person.password"; done
  chmod 600 "$WORK/passphrase" "$WORK/ann.password" "$WORK/bob.password"
  "${CENTERHOST[@]}" init --id demo-center --data "$CENTER" --passphrase-file "$WORK/passphrase" \
    --person ann --person-password-file "$WORK/ann.password" --person bob --person-password-file "$WORK/bob.password"
  enter_key test-key
}

APPROVALS=0
enter_key() { # enter_key NAME: a key of a ceremony's file; one asks for it, the other approves
  APPROVALS=$((APPROVALS + 1))
  center key ceremony --file "$ORDERS/$1.ceremony.json" 2>/dev/null
  center_as bob approval approve "$APPROVALS"
  center key ceremony --file "$ORDERS/$1.ceremony.json" --approval "$APPROVALS" 2>/dev/null
}

enrol_shop() { # a terminal for line 1, with one known reader; then the center serves it
  make_terminal shop
  center terminal add --file "$WORK/shop/terminal.json" --line 1 --address 127.0.0.1/32
  center reader add --terminal shop "${KNOWN_READER[@]}"
  serve "$LISTEN"
  way
  echo "the center serves line 1 at $PLACE, $ABOUT_LINE"
}

stop_center() {
  kill -TERM "$SERVING"
  wait "$SERVING" || fail "the center did not stop in order"
}

make_terminal() { # make_terminal NAME
  dotnet "$TERMINALHOST" module init --id "$1" --center "$CENTER/center.json" --data "$WORK/$1" --passphrase-file "$WORK/passphrase" >/dev/null
}

serve() { # serve WHERE: the center on line 1; its process is in SERVING, what comes of "ready" in PLACE
  start "$WORK/center.log" "${CENTERHOST[@]}" serve --line "1=$1" --data "$CENTER" --passphrase-file "$WORK/passphrase" \
    --as ann --password-file "$WORK/ann.password"
  SERVING=$PROCESS
  wait_for "$WORK/center.log" "ready line 1" 30
  PLACE=$(sed -n 's/.*ready line 1 \(.*\)$/\1/p' "$WORK/center.log" | head -n 1)
}

card() { # card FILE SERIAL KEYFILE [OPTIONS]: a factory-fresh card with keys from that master key; SCP03, unless the options say otherwise
  local file="$1" serial="$2" key="$3"
  shift 3
  [ $# -gt 0 ] || set -- --kvn 30 --diversify Kdf3
  dotnet "$VIRTUALCARD" new --profile blank-emv --out "$WORK/$file" --serial "$serial" --master-key-file "$key" "$@" >/dev/null
}

put_in() { # put_in FILE [TIMING]: a reader with that card in it; its process is in SLOT
  start "$WORK/slot.log" dotnet "$VIRTUALCARD" "${SLOT_COMMAND[@]}" --control-port 0 --card "$WORK/$1" ${2:+--timing "$2"} --json
  SLOT=$PROCESS
  wait_for "$WORK/slot.log" '"ok"' 20
  CONTROL=$(sed -n 's/.*"controlPort": *\([0-9]*\).*/\1/p' "$WORK/slot.log" | head -n 1)
  slot_ready
}

take_out() { stop "$SLOT"; }

exchange() { # exchange FILE: the card in the slot is taken out and that one put in
  control remove
  sleep 0.7
  control "insert $WORK/$1"
}

control() { # control LINE: tells the reader's card slot something
  local reply
  exec 9<>"/dev/tcp/127.0.0.1/$CONTROL"
  printf '%s\n' "$1" >&9
  read -r -t 5 reply <&9 || fail "the card slot did not answer to: $1"
  exec 9>&- 9<&-
}

begin_issue() { # begin_issue TERMINAL ORDER LOG: in the background; its process is in ISSUING
  start "$3" dotnet "$TERMINALHOST" issue --order "$2" --code-file "$WORK/$2.code" --operator olga --connect "$CONNECT" --reader "$READER" \
    --data "$WORK/$1" --passphrase-file "$WORK/passphrase"
  ISSUING=$PROCESS
}

issue() { # issue TERMINAL ORDER LOG
  begin_issue "$@"
  follow "$ISSUING" "$3"
}

ORDERS_FILE="$ORDERS/orders.json"
code_of() { # the issue code that the orders' file gives an order
  sed -n "/\"orderId\": \"$1\"/,/issueCode/s/.*\"issueCode\": \"\(.*\)\".*/\1/p" "$ORDERS_FILE" >"$WORK/$1.code"
  [ -s "$WORK/$1.code" ] || fail "no issue code for $1"
}

field_of() { sed -n "/\"orderId\": \"$1\"/,/}/s/.*\"$2\": \"\(.*\)\".*/\1/p" "$ORDERS_FILE" | head -n 1; }

compare() { # compare ORDER CARDFILE: reads the card back and compares it with the order
  local dump track2 name pan expected
  dump=$(dotnet "$VIRTUALCARD" dump "$WORK/$2" --json)
  track2=$(field_of "$1" track2)
  pan=$(field_of "$1" cardNumber)
  name=$(field_of "$1" name | od -An -tx1 | tr -d ' \n' | tr a-f A-F | sed 's/0A$//')
  for expected in "57$(printf '%02X' $((${#track2} / 2)))$track2" "5A$(printf '%02X' $((${#pan} / 2)))$pan" "$name"; do
    [[ "${dump^^}" == *"$expected"* ]] || fail "the card of $1 does not hold what was ordered"
  done
  echo "read back: track 2, card number and name on the card are those of $1"
}

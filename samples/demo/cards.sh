# Cards of other kinds, each in both key modes: debit over SCP02; debit over SCP03, which gets keys of its own; and one whose application
# is loaded at the counter. Each is issued, blocked and unblocked again, with the power cut on the way, and read back each time; the one
# with own keys gets new ones before that.
. "$ROOT/samples/demo/tcp.sh"

KINDS="debit-scp02 debit-own-keys loyalty"
ORDERS_FILE="$ORDERS/cards.orders.json"

module_of() { # module_of PRODUCT: the same product in module mode, in a file
  sed -e "0,/\"name\": \"$1\"/s//\"name\": \"$1-module\"/" -e 's/"mode": "endToEnd"/"mode": "module"/' "$ORDERS/$1.product.json" >"$WORK/$1-module.json"
}

fresh() { # fresh ORDER SERIAL: the card as its factory would deliver it
  case "$1" in
    DEBIT-*) card "$1.card" "$2" "$ORDERS/test-key.hex" --kvn 20 --diversify emv --scp 02 --i 75 ;;
    *) card "$1.card" "$2" "$ORDERS/test-key.hex" ;;
  esac
}

write() { # write ORDER FILE COMMAND: the order's card in the reader, its power cut at that command after it was carried out
  code_of "$1"
  put_in "$2"
  control "cut $3"
  issue shop "$1" "$WORK/$1.log" >/dev/null || { cat "$WORK/$1.log" >&2; fail "$1 was not done"; }
  take_out
}

state_of() { # state_of FILE STATE WORDS: whether the application is in that life cycle state
  [[ "$(dotnet "$VIRTUALCARD" dump "$WORK/$1" --json)" == *"\"lifeCycle\": \"$2\""* ]] || fail "the card is not $3"
  echo "read back: $3"
}

prepare
say "A center is set up: vault, two people, keys of four kinds, a program, products of both modes, and orders"
set_up_center
enter_key own-test-key
enter_key renewed-test-key
enter_key des-test-key
center program add "$ORDERS/loyalty.cap"
IMPORT=()
for kind in $KINDS; do
  module_of "$kind"
  IMPORT+=(--product "$ORDERS/$kind.product.json" --product "$WORK/$kind-module.json")
done
center order import "${IMPORT[@]}" --orders "$ORDERS_FILE"

say "A terminal is enrolled for line 1, with one known reader: $ABOUT_READER"
enrol_shop

number=0
for order in DEBIT-E2E DEBIT-MODULE OWN-E2E OWN-MODULE LOYALTY-E2E LOYALTY-MODULE; do
  number=$((number + 1))
  say "$order: a fresh card; its power is cut at command $((8 + number))"
  fresh "$order" "$number"
  write "$order" "$order.card" $((8 + number))
  grep -E "^(Proof|Keys):|CARD ISSUED" "$WORK/$order.log"
  case "$order" in
    LOYALTY-*) state_of "$order.card" 0F "the application is there, and personalized" ;;
    *) compare "$order" "$order.card" ;;
  esac
done

say "The cards are issued; now they are blocked, and unblocked again, at the counter; before that own keys are renewed"
ORDERS_FILE="$ORDERS/cards.rewrites.json"
center order import --orders "$ORDERS_FILE"
for order in DEBIT-E2E DEBIT-MODULE OWN-E2E OWN-MODULE LOYALTY-E2E LOYALTY-MODULE; do
  case "$order" in
    OWN-*)
      write "$order-RENEW" "$order.card" 7
      state_of "$order.card" 0F "$order is in use"
      grep -E "^Keys:" "$WORK/$order-RENEW.log"
      ;;
  esac
  write "$order-BLOCK" "$order.card" 8
  state_of "$order.card" 8F "$order is blocked"
  write "$order-UNBLOCK" "$order.card" 9
  state_of "$order.card" 0F "$order is unblocked"
done

say "The center knows what is on each card; it stops, and the log is verified"
center card show --order OWN-MODULE
stop_center
center log verify

say "All as it must be, in $(( $(date +%s) - BEGAN )) s"

# TLS over a serial line, and a serial reader (GemPC Twin): each over a pair of pseudo terminals, which socat makes. They know no speed.
ABOUT_LINE="TLS 1.3 over a serial line"
ABOUT_READER="a GemPC Twin, which tells its firmware but no serial number: the center lets it in without"
KNOWN_READER=(--kind serial --without-identity)
LISTEN="serial-tls:$WORK/line.center?baud=115200"
READER="serial:$WORK/reader.terminal"
SLOT_COMMAND=(twin --port "$WORK/reader.slot")

need socat socat

cable() { # cable A B
  start "$WORK/cable.log" socat "pty,raw,echo=0,link=$1" "pty,raw,echo=0,link=$2"
  local tries
  for tries in $(seq 100); do
    [ ! -e "$1" ] || [ ! -e "$2" ] || return 0
    sleep 0.05
  done
  fail "socat made no pseudo terminals: $(cat "$WORK/cable.log")"
}

prepare() {
  cable "$WORK/line.center" "$WORK/line.terminal"
  cable "$WORK/reader.slot" "$WORK/reader.terminal"
}

way() { CONNECT="serial-tls:$WORK/line.terminal?baud=115200"; }

slot_ready() { :; }

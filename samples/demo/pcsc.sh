# TLS over TCP on loopback; the cards are in a PC/SC reader, which pcscd and its vpcd driver make. The daemon runs in a mount namespace of its
# own, so that the machine's own is not disturbed; the socket's path is told to the terminal.
DRIVER=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
ABOUT_LINE="TLS 1.3 over TCP with certificates of both sides"
ABOUT_READER="the vpcd driver's, which tells nothing of itself: the center lets it in without"
KNOWN_READER=(--kind pcsc --without-identity)
LISTEN="tls:127.0.0.1:0"
READER="pcsc:CardIssue demo 00 00"

[ "$(id -u)" = 0 ] || { echo "This demo needs root, for a smart card daemon (pcscd) of its own." >&2; exit 2; }
need pcscd pcscd
need "$DRIVER" vsmartcard-vpcd
need unshare util-linux

free_port() { # one after which the next one is free, too: a slot each
  local port tries
  for tries in $(seq 50); do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no port is free"
}

prepare() {
  local port
  port=$(free_port)
  mkdir "$WORK/run" "$WORK/conf"
  printf 'FRIENDLYNAME "CardIssue demo"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n' "$port" "$DRIVER" "$port" >"$WORK/conf/readers"
  PATH="$PATH:/usr/sbin:/sbin" start "$WORK/pcscd.log" unshare --mount --propagation private bash -c \
    'mkdir -p /run/pcscd && mount --bind "$1/run" /run/pcscd && exec pcscd --foreground --info --config "$1/conf"' pcscd "$WORK"
  wait_for "$WORK/pcscd.log" "ready" 20
  export PCSCLITE_CSOCK_NAME="$WORK/run/pcscd.comm"
  SLOT_COMMAND=(vpcd --port "$port")
}

way() { CONNECT="$PLACE"; }

slot_ready() { :; }

# TLS over TCP on loopback; a simulated reader behind a TCP port, which the terminal takes for what its address says.
ABOUT_LINE="TLS 1.3 over TCP with certificates of both sides"
ABOUT_READER="a simulated reader with a serial number"
KNOWN_READER=(--kind virtual --serial VC-0001)
LISTEN="tls:127.0.0.1:0"
SLOT_COMMAND=(serve --port 0)

prepare() { :; }

way() { CONNECT="$PLACE"; }

slot_ready() { # each reader has a port of its own
  READER="tcp:127.0.0.1:$(sed -n 's/.*"port": *\([0-9]*\).*/\1/p' "$WORK/slot.log" | head -n 1)?serial=VC-0001&vendor=CardIssue&model=VirtualCard"
}

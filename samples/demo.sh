#!/usr/bin/env bash
# The demo: a center, terminals and virtual cards as processes of their own. Asks nothing, keeps nothing, exits 0.
# Test data only: test PANs, and a test key that everybody knows.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CONFIGURATION=Release

usage() {
  cat <<'USAGE'
usage: ./build.sh demo [--pcsc | --serial | --cards]

  (nothing)  TLS over TCP on loopback; simulated card readers behind a TCP port
  --pcsc     the same line; the cards are in a PC/SC reader: pcscd with the vpcd driver. Needs Linux and root, and the
             packages pcscd and vsmartcard-vpcd
  --serial   TLS over a serial line, and a serial card reader (GemPC Twin), each over a pair of pseudo terminals. Needs
             the package socat
  --cards    cards of other kinds: SCP02, keys of their own, a program that is loaded; rewritten after they are issued
  --help     this text

Issues four cards in both modes, shows refusals and a recovery, reads the cards back and verifies the center's log.
exit codes: 0 all well, 1 something failed, 2 wrong usage or a missing program, 130 interrupted
USAGE
}

VARIANT=tcp
wrong() { # wrong WHAT: says what is wrong, last, where it is seen
  usage >&2
  echo >&2
  echo "$1" >&2
  exit 2
}

[ $# -le 1 ] || wrong "./build.sh demo takes one option, not also '$2'."
case "${1:-}" in
  "") ;;
  --pcsc | --serial | --cards) VARIANT="${1#--}" ;;
  -h | --help) usage; exit 0 ;;
  *) wrong "./build.sh demo has no option '$1'." ;;
esac

. "$ROOT/samples/demo/processes.sh"
. "$ROOT/samples/demo/hosts.sh"
. "$ROOT/samples/demo/$VARIANT.sh"
[ "$VARIANT" = cards ] || . "$ROOT/samples/demo/show.sh"

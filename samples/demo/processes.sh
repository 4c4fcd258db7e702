# The demo's folder, and the processes that it started: whatever ends it, they end and the folder goes.
WORK="$(mktemp -d "${TMPDIR:-/tmp}/cardissue-demo.XXXXXX")"
chmod 700 "$WORK"
STARTED=()
BEGAN=$(date +%s)

finish() {
  local status=$? process
  trap - EXIT INT TERM
  for process in "${STARTED[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${STARTED[@]}"; do
    # Whatever does not end in order has 3 s for it.
    for _ in $(seq 30); do kill -0 "$process" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  if [ "$status" -ne 0 ] && [ "$status" -ne 130 ]; then
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

start() { # start LOG PROGRAM...: in the background; its process is in PROCESS
  local log="$1"
  shift
  : >"$log"
  "$@" >"$log" 2>&1 &
  PROCESS=$!
  STARTED+=("$PROCESS")
}

stop() { # stop PROCESS: and waits for its end
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

follow() { # follow PROCESS LOG: shows what it says until it ends, and ends as it did
  local shown=0 size running=1
  while [ "$running" = 1 ]; do
    kill -0 "$1" 2>/dev/null || running=0
    size=$(wc -c <"$2")
    if [ "$size" -gt "$shown" ]; then
      tail -c "+$((shown + 1))" "$2" | head -c "$((size - shown))"
      shown=$size
    fi
    [ "$running" = 0 ] || sleep 0.1
  done
  wait "$1"
}

wait_for() { # wait_for FILE TEXT SECONDS
  local end=$(( $(date +%s) + $3 ))
  until grep -q -- "$2" "$1" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || fail "'$2' did not come within $3 s in $(basename "$1"): $(tail -n 3 "$1" 2>/dev/null)"
    sleep 0.05
  done
}

need() { # need PROGRAM-OR-FILE PACKAGE: exits 2 when it is not here
  [ -e "$1" ] || PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null || { echo "This demo needs $1, which is not on this machine: install the package $2." >&2; exit 2; }
}

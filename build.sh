#!/usr/bin/env bash
# One script for a fresh machine: builds, shows, tests, measures, packs. Needs bash and the .NET SDK that global.json names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
CONFIGURATION=Release
OUTPUT=artifacts

usage() {
  cat <<'USAGE'
usage: ./build.sh COMMAND

  demo [--pcsc|--serial|--cards]
                          issue cards: center, terminal and virtual cards as processes of their own; with --pcsc through
                          pcscd, with --serial over a serial line and a serial reader, with --cards other kinds of cards,
                          rewritten after they are issued (demo --help says more)
  test [FILTER]           build everything and run all tests (or those whose full name contains FILTER)
  bench [NAME] [--check]  measure; one line of JSON per figure, the summary last, and a plot, both in artifacts/bench
                          too; NAME: relay, relay-emv, pcsc, center-syncs, center, terminal, scp, idle, log, wire, crowd,
                          hosts; with --check: exit 1 when a named target is missed
  fuzz [TARGET] [SECONDS] [--seed N]
                          change inputs at random, for so many seconds a target (10), and see that nothing falls over or
                          costs more than it should; fuzz --list names the targets, fuzz TARGET --replay FILE runs a case
  docs                    make the guides and the API reference as pages, in artifacts/docs/site; a few minutes; anything
                          that is not right in a link or a comment is an error
  regenerate              write anew what is generated in the documents: pictures, tables, protocol vectors, code
  pack                    make the NuGet packages, the programs' among them, into artifacts/packages; README says how they
                          are installed as .NET tools
  publish [RID]           make the programs with all that they need, .NET too, in artifacts/publish/RID; RID: linux-x64,
                          linux-arm64, win-x64, osx-arm64, … (this machine's)
  publish --native        make terminalhost as machine code of this machine, without .NET, and the terminal as a library of
                          C with its header, in artifacts/publish/native-RID; needs a linker (gcc or clang)
  clean                   remove everything that was built

exit codes: 0 all well, 1 something failed, 2 wrong usage or a missing tool
USAGE
}

wrong() { # wrong WHAT: says what is wrong, last, where it is seen
  usage >&2
  echo >&2
  echo "$1" >&2
  exit 2
}

at_most() { # at_most COUNT WORD...: a word too many, or an option that is none, is a mistake, told before anything is built
  local count="$1" word
  shift
  [ $# -le "$count" ] || wrong "./build.sh $1 takes no '${*: -1}'."
  for word in "$@"; do
    case "$word" in
      --native) [ "$1" = publish ] || wrong "./build.sh $1 has no option $word." ;;
      -*) wrong "./build.sh $1 has no option $word." ;;
    esac
  done
}

need_dotnet() {
  if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK is missing. Install .NET SDK 10 (https://dotnet.microsoft.com/download) and run this again." >&2
    exit 2
  fi
  if ! dotnet --version >/dev/null 2>&1; then
    echo "No .NET SDK here satisfies global.json:" >&2
    dotnet --version >&2 || true
    exit 2
  fi
}

# Other people's programs that the tests and some demos run against: program or file, and the Debian package that has it.
PARTS="pcscd:pcscd /usr/lib/pcsc/drivers/serial/libifdvpcd.so:vsmartcard-vpcd /usr/lib/pcsc/drivers/serial/libccidtwin.so:libccid
  opensc-tool:opensc openssl:openssl socat:socat ip:iproute2 tc:iproute2 unshare:util-linux
  pg_ctlcluster:postgresql systemd-analyze:systemd /usr/lib/python3/dist-packages/cbor2:python3-cbor2 /usr/lib/python3/dist-packages/cryptography:python3-cryptography"
PCSC_DEMO_PARTS="pcscd:pcscd /usr/lib/pcsc/drivers/serial/libifdvpcd.so:vsmartcard-vpcd unshare:util-linux"
SERIAL_DEMO_PARTS="socat:socat"
# What machine code is linked with. Elsewhere than on Linux it is the system's own: Xcode's tools, Visual Studio's C++.
NATIVE_PARTS="cc:gcc ld:binutils /usr/include/stdlib.h:libc6-dev"

missing_parts() { # missing_parts PROGRAM:PACKAGE...
  local part
  for part in "$@"; do
    [ -e "${part%%:*}" ] || PATH="$PATH:/usr/sbin:/sbin" command -v "${part%%:*}" >/dev/null || echo "${part##*:}"
  done | sort -u
}

need_parts() { # need_parts PROGRAM:PACKAGE...: installs what is missing, when root; otherwise says what is
  local missing
  missing=$(missing_parts "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $missing(apt-get; a minute or two)..." >&2
    mkdir -p "$OUTPUT"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >"$OUTPUT/apt.log" 2>&1 ||
      echo "apt-get failed; see $OUTPUT/apt.log." >&2
    missing=$(missing_parts "$@" | tr '\n' ' ')
  fi
  [ -z "$missing" ] || echo "Not on this machine: $missing(Debian packages). Install them as root; what needs them does not run." >&2
}

quietly() { # quietly WHAT COMMAND...: says what goes on and how long it took; shows what the command says only when it fails
  local what="$1" began=$SECONDS
  shift
  mkdir -p "$OUTPUT"
  echo "$what..." >&2
  if ! "$@" >"$OUTPUT/build.log" 2>&1; then
    # What names no error is told by its last lines.
    grep -E 'error|warning' "$OUTPUT/build.log" | sort -u | head -n 40 | grep . >&2 || tail -n 15 "$OUTPUT/build.log" >&2
    echo "This failed: $what. The whole log is in $OUTPUT/build.log." >&2
    exit 1
  fi
  echo "$what: done in $((SECONDS - began)) s." >&2
}

first_time() { # first_time WHAT: what takes longer on a machine that has none of it yet
  [ -d CardIssue.Core/obj ] || echo ", packages are fetched first: a minute or two"
}

build() { # build WHAT
  # One warm compiler for all projects, also where the environment says otherwise: half the time.
  quietly "Building $(basename "$1")$(first_time)" dotnet build "$1" -c "$CONFIGURATION" -v q --nologo -p:UseSharedCompilation=true
}

publish_native() { # publish_native RID: in folders of its own, for what is built beside it is not for machine code
  local program began=$SECONDS place="$OUTPUT/publish/native-$1"
  rm -rf "$place"
  for program in TerminalHost NativeTerminal; do
    quietly "Publishing $program as machine code for $1$(first_time)" dotnet publish "samples/$program/$program.csproj" -c "$CONFIGURATION" -r "$1" \
      -p:PublishAot=true -p:RunAnalyzers=false -p:CopyOutputSymbolsToPublishDirectory=false -p:DebugType=none -p:GenerateDocumentationFile=false \
      --artifacts-path "$PWD/$OUTPUT/native" -o "$PWD/$place" --nologo -v q
  done
  echo "terminalhost, libcardissue and cardissue.h are in $place, after $((SECONDS - began)) s."
}

this_machine() { dotnet --info | sed -n 's/^ *RID: *//p' | head -n 1; }

failures() { # failures LOG: the tests that failed, each with the first lines of why, for who sees only the end of it all
  awk '/^  Failed [^ ].* \[.*\]$/ { left = 14 } /^  (Passed|Skipped) |^Test Run|^Total tests/ { left = 0 } left-- > 0 && shown++ < 80 { print substr($0, 1, 300) }' "$1"
}

run_tests() {
  local filter=() log="$OUTPUT/test.log" status=0
  [ $# -gt 0 ] && filter=(--filter "FullyQualifiedName~$1")
  need_parts $PARTS $NATIVE_PARTS
  build CardIssue.sln
  # Of some tests alone, those that need it make it themselves.
  if [ $# = 0 ] && [ "$(uname -s)" = Linux ]; then
    publish_native "$(this_machine)"
    export CARDISSUE_NATIVE="$PWD/$OUTPUT/publish/native-$(this_machine)"
  fi
  echo "Testing; each test is named when it is done..." >&2
  dotnet test test/CardIssue.Test/CardIssue.Test.csproj -c "$CONFIGURATION" --no-build --nologo \
    --logger "console;verbosity=normal" --logger "trx;LogFileName=tests.trx" --results-directory "$OUTPUT/TestResults" \
    "${filter[@]}" 2>&1 | tee "$log" || status=$?
  local passed failed skipped
  passed=$(sed -n 's/^ *Passed: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
  failed=$(sed -n 's/^ *Failed: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
  skipped=$(sed -n 's/^ *Skipped: *\([0-9]*\).*/\1/p' "$log" | tail -n 1)
  if [ -z "$passed" ] && [ -z "$failed" ]; then
    echo "No test ran." >&2
    exit 1
  fi
  if [ -n "$skipped" ] && [ "$skipped" != 0 ]; then
    echo "$skipped tests were skipped: they need root, or what is not on this machine. Under CI that is a failure." >&2
    [ -z "${CI:-}" ] || status=1
  fi
  failures "$log"
  echo "${passed:-0} passed, ${failed:-0} failed"
  return "$status"
}

case "${1:-}" in
  demo)
    shift
    # Only what can be shown is built for.
    case "$*" in
      "" | --pcsc | --serial | --cards)
        need_dotnet
        [ "$*" != --pcsc ] || need_parts $PCSC_DEMO_PARTS
        [ "$*" != --serial ] || need_parts $SERIAL_DEMO_PARTS
        build CardIssue.sln
        ;;
    esac
    exec bash samples/demo.sh "$@"
    ;;
  test)
    at_most 2 "$@"
    shift
    need_dotnet
    run_tests "$@"
    ;;
  bench)
    shift
    need_dotnet
    for word in "$@"; do
      case "$word" in --check | [!-]*) ;; *) wrong "./build.sh bench has no option $word." ;; esac
    done
    case "${1:-}" in "" | --check | center | log | hosts) need_parts pg_ctlcluster:postgresql ;; esac
    build test/CardIssue.Bench/CardIssue.Bench.csproj
    exec dotnet "test/CardIssue.Bench/bin/$CONFIGURATION/net10.0/CardIssue.Bench.dll" "$@"
    ;;
  fuzz)
    shift
    need_dotnet
    build test/CardIssue.Fuzz/CardIssue.Fuzz.csproj
    # A copy whose assemblies count the branches that they take; the built ones stay as they are.
    rm -rf "$OUTPUT/fuzz/bin"
    mkdir -p "$OUTPUT/fuzz"
    cp -r "test/CardIssue.Fuzz/bin/$CONFIGURATION/net10.0" "$OUTPUT/fuzz/bin"
    dotnet "test/CardIssue.Fuzz/bin/$CONFIGURATION/net10.0/CardIssue.Fuzz.dll" --instrument "$OUTPUT/fuzz/bin" >"$OUTPUT/fuzz/instrument.log"
    exec dotnet "$OUTPUT/fuzz/bin/CardIssue.Fuzz.dll" "$@"
    ;;
  docs)
    at_most 1 "$@"
    need_dotnet
    # It needs all the libraries.
    build samples/Integrating/Integrating.csproj
    rm -rf "$OUTPUT/docs"
    quietly "Fetching docfx" dotnet tool restore
    quietly "Making the pages" dotnet docfx docs/docfx.json --warningsAsErrors
    echo "The pages are in $OUTPUT/docs/site: open index.html there, or $OUTPUT/docs/site as a web server's folder."
    ;;
  regenerate)
    at_most 1 "$@"
    need_dotnet
    build test/CardIssue.Test/CardIssue.Test.csproj
    CARDISSUE_UPDATE_DOCS=1 dotnet test test/CardIssue.Test/CardIssue.Test.csproj -c "$CONFIGURATION" --no-build --nologo \
      --filter "FullyQualifiedName~ProtocolDocument|FullyQualifiedName~ProtocolVectors|FullyQualifiedName~ArchitectureDocument|FullyQualifiedName~ServiceDocument|FullyQualifiedName~IntegratingTest.Code|FullyQualifiedName~CounterPictureTest"
    ;;
  pack)
    at_most 1 "$@"
    need_dotnet
    quietly "Packing$(first_time)" dotnet pack CardIssue.sln -c "$CONFIGURATION" -o "$OUTPUT/packages" --nologo -v q
    ls "$OUTPUT/packages"
    ;;
  publish)
    at_most 2 "$@"
    need_dotnet
    if [ "${2:-}" = --native ]; then
      [ "$(uname -s)" != Linux ] || need_parts $NATIVE_PARTS
      publish_native "$(this_machine)"
      exit 0
    fi
    RID="${2:-$(this_machine)}"
    for program in CenterHost TerminalHost VirtualCard; do
      quietly "Publishing $program for $RID$(first_time)" dotnet publish "samples/$program/$program.csproj" -c "$CONFIGURATION" -r "$RID" \
        --self-contained -o "$OUTPUT/publish/$RID" --nologo -v q
    done
    echo "The programs are in $OUTPUT/publish/$RID: put that folder, whole, on the PATH of the machine."
    ;;
  clean)
    at_most 1 "$@"
    find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -prune -exec rm -rf {} +
    rm -rf "$OUTPUT"
    ;;
  help | -h | --help)
    usage
    ;;
  "")
    usage >&2
    exit 2
    ;;
  *) wrong "'$1' is no command of ./build.sh." ;;
esac

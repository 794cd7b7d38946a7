#!/bin/sh
# Asks the sidecar whether a coding client may go on with an edit; `signalbox init` wires it as a hook before edits.
#
#   signalbox-guard.sh --store FOLDER [--store FOLDER] [--strict] -- NODE SIGNALBOX.JS
#
# FOLDER is where the sidecar leaves sidecar.json, the first one with a living sidecar is asked. The hook's JSON comes on
# stdin and goes to the sidecar as it is; nothing in it is looked at here. The answer is silence, or the JSON that denies
# the edit. When the sidecar cannot be asked the edit goes on with a line on stderr and exit code 1, which blocks nothing and
# lets the client show the line; with --strict it is denied. A machine without curl runs the same in Node, slower.
# Every step is one that the shell does by itself, but for curl: this runs before each edit.

LC_ALL=C
strict=''
stores=0
ask=''
unsure=''

# Ends with the edit going on, or denied under --strict. $1: why, in words of this file only.
unasked() {
  [ -t 0 ] || cat >/dev/null 2>&1 # a host that still writes would take our silence for a crash
  if [ -n "$strict" ]; then
    echo "signalbox: $1; this edit is denied, because the guard is strict" >&2
    echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"Signalbox guards edits strictly here and could not be asked: '"$1"'. Ask the user to reconnect the signalbox MCP server in this client, or to run `signalbox sidecar` in the repository; then try the same edit again."}}'
    exit 0
  fi
  echo "signalbox: $1; this edit is not guarded" >&2
  exit 1
}

# Reads $1/sidecar.json, written one member a line, into host, port, token, pid, boot and id. False when it has not all
# of them in the form that is safe to use.
read_discovery() {
  host='' port='' token='' pid='' boot='' id=''
  [ -f "$1/sidecar.json" ] && [ -r "$1/sidecar.json" ] && [ -O "$1/sidecar.json" ] || return 1
  while IFS= read -r line; do
    line=${line%,}
    case $line in
      '  "host": "'*'"') host=${line#'  "host": "'} host=${host%'"'} ;;
      '  "port": '*) port=${line#'  "port": '} ;;
      '  "token": "'*'"') token=${line#'  "token": "'} token=${token%'"'} ;;
      '  "pid": '*) pid=${line#'  "pid": '} ;;
      '  "boot_id": "'*'"') boot=${line#'  "boot_id": "'} boot=${boot%'"'} ;;
      '  "store_id": "'*'"') id=${line#'  "store_id": "'} id=${id%'"'} ;;
    esac
  done <"$1/sidecar.json"
  case $host in 127.0.0.1 | localhost) ;; ::1 | '[::1]') host='[::1]' ;; *) return 1 ;; esac
  case $port in '' | *[!0-9]* | ??????*) return 1 ;; esac
  case $token in '' | *[!A-Za-z0-9_-]*) return 1 ;; esac
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  case $id in '' | *[!0-9a-f-]*) return 1 ;; esac
}

# Whether the process that left the file is there, as far as this machine says: a file may outlive its sidecar, and then
# anybody may have taken the port.
lives() {
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r now </proc/sys/kernel/random/boot_id
    [ "$now" = "$boot" ] || return 1
  fi
  kill -0 "$pid" 2>/dev/null
}

# Whether the sidecar answers although its process is not seen from here, as from another container.
answers() {
  case $(curl -q -s --noproxy '*' --max-time 1 "http://$host:$port/healthz" </dev/null) in
    *'"store_id":"'"$id"'"'*) return 0 ;;
    *) return 1 ;;
  esac
}

while [ $# -gt 0 ]; do
  case $1 in
    --store)
      stores=1
      if [ -n "$ask" ]; then :
      elif ! read_discovery "$2"; then
        if [ -f "$2/sidecar.json" ]; then unsure=$2; fi
      elif lives; then ask=$2
      elif command -v curl >/dev/null 2>&1 && answers; then ask=$2
      fi
      shift
      if [ $# -gt 0 ]; then shift; fi
      ;;
    --strict) strict=--strict && shift ;;
    --) shift && break ;;
    *) shift ;;
  esac
done

[ $stores = 1 ] || unasked 'the hook names no store; run `signalbox init` again'
if [ -z "$ask$unsure" ]; then unasked 'no sidecar runs for this repository'; fi
if [ -z "$ask" ] || [ ! -e /dev/fd/0 ] || ! command -v curl >/dev/null 2>&1; then
  if [ ! -x "$1" ]; then unasked 'the program is not where the hook says; run `signalbox init` again'; fi
  exec "$@" hook pre-tool-use --store "${ask:-$unsure}" --pid "$PPID" $strict
fi

# The token goes to curl over a pipe of its own, so that no list of processes shows it; stdin stays the hook's.
answer=$(
  {
    echo "header = \"authorization: Bearer $token\"" |
      curl -q -s --noproxy '*' --proto =http --connect-timeout 1 --max-time 2 --config /dev/fd/3 \
        --header 'content-type: application/json' --header 'expect:' --header "x-signalbox-pid: $PPID" --header 'x-signalbox-host: claude' \
        --data-binary @- --write-out '\n%{http_code}' "http://$host:$port/hook/pre-tool-use" 3<&0 0<&4 4<&-
  } 4<&0
)
ended=$?
status=${answer##*'
'}
body=${answer%'
'*}

case $ended in
  0) ;;
  7) unasked 'no sidecar answers where the last one was' ;;
  28) unasked 'the sidecar has not answered within 2 seconds' ;;
  *) unasked "the sidecar was not reached (curl ended with $ended)" ;;
esac
case $status in
  204) ;;
  200)
    case $body in
      '{'*'"hookSpecificOutput"'*) printf '%s\n' "$body" ;;
      *) unasked 'the sidecar answered something else than a decision' ;;
    esac
    ;;
  401) unasked 'the sidecar does not take the token of its discovery file' ;;
  404) unasked 'the sidecar that runs knows no guard; `signalbox stop` lets the next one be of this release' ;;
  *[!0-9]* | '') unasked 'the sidecar answered something else than a decision' ;;
  *) unasked "the sidecar answered with status $status" ;;
esac
exit 0

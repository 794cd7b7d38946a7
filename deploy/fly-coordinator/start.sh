#!/usr/bin/env bash
# A hosted sidecar and the Caddy in front of it, as one thing that starts and ends together. Starts nothing without a
# token table: behind a public name everybody could join every session.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
signalbox=$here/../../dist/bin/signalbox.js
data=${SIGNALBOX_DATA:-/data}
port=${MPAC_SIDECAR_PORT:-8766}

# As sysexits.h has it: something about the configuration.
readonly EXIT_CONFIG=78

refuse() {
  echo "signalbox: $1" >&2
  exit "$EXIT_CONFIG"
}

table=${MPAC_TOKEN_TABLE:-}${MPAC_TOKEN_TABLE_FILE:-}
if [[ -z ${table//[[:space:]]/} ]]; then
  refuse 'MPAC_TOKEN_TABLE is not set, and no MPAC_TOKEN_TABLE_FILE, so everybody who finds this host could join every session: set it to {"<token>": {"allowed_sessions": ["<id>"], "roles": ["contributor"]}} and start again'
fi
[[ -f $signalbox ]] || refuse "there is no $signalbox: run \`npm ci && npm run build\` first"
command -v caddy >/dev/null || refuse "there is no caddy on the PATH: install it, such as by \`apt-get install caddy\`"
[[ -d $data && -w $data ]] || refuse "$data is not a folder that $(id -un) may write: mount a volume there that belongs to it"

node "$signalbox" sidecar --multi-session --host 127.0.0.1 --port "$port" --tls --store "$data/signalbox" &
sidecar=$!
# Its certificates are on the volume too, and tokens and secrets are none of its business.
env -u MPAC_TOKEN_TABLE -u PEERBUS_HMAC_SECRET -u PEERBUS_TOKENS -u BUS_WRITE_SECRET SIGNALBOX_UPSTREAM="127.0.0.1:$port" XDG_DATA_HOME="$data" XDG_CONFIG_HOME="$data" \
  caddy run --config "$here/Caddyfile" --adapter caddyfile &
proxy=$!

asked=
reread=
trap 'asked=yes' TERM INT
# The sidecar reads the file of the table again and goes on; a table in the environment cannot have changed.
trap 'reread=yes; kill -HUP "$sidecar" 2>/dev/null' HUP

# Whichever ends first ends the other: half of it is of no use to anybody.
while :; do
  reread=
  wait -n -p first "$sidecar" "$proxy"
  code=$?
  [[ -n $reread && -z $asked && -z ${first:-} ]] || break
done

# The sidecar first: what it tells its clients goes through the proxy.
kill -TERM "$sidecar" 2>/dev/null
wait "$sidecar"
kill -TERM "$proxy" 2>/dev/null
wait "$proxy"

[[ -n $asked ]] && exit 0
name=proxy
[[ ${first:-} == "$sidecar" ]] && name=sidecar
echo "signalbox: the $name ended by itself, with code $code" >&2
exit $((code == 0 ? 1 : code))

#!/bin/sh
# backup.sh TOOL SOURCE TARGET [argument …]: what the tool says goes to stderr, so that the bus sees that it moves; the one
# line on stdout is the result, as JSON. Exit 78: it is set up wrongly, and trying again would not help.
set -u

fail() {
  echo "$1" >&2
  exit 78
}

# Text as it stands in JSON, without its quotes.
json() {
  printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | tr -d '\000-\037'
}

[ $# -ge 3 ] || fail "it needs a tool, a source and a target: see args in the cadence"
tool=$1 source=$2 target=$3
shift 3
[ -e "$source" ] || fail "$source is not there"
case $tool in
  rclone | rsync | restic) program=$tool ;;
  command) program=${1:-} ;;
  *) fail "the tool is $tool; it may be rclone, rsync, restic, or command and a command" ;;
esac
[ -n "$program" ] || fail "behind the target, say which command"
command -v "$program" >/dev/null 2>&1 || fail "$program is not installed, or not on the PATH of the bus"

began=$(date +%s)
case $tool in
  rclone) rclone copy --stats 60s --stats-one-line -v "$@" -- "$source" "$target" 1>&2 ;;
  rsync) rsync -a -v --stats "$@" -- "$source" "$target" 1>&2 ;;
  restic) restic -r "$target" backup "$@" -- "$source" 1>&2 ;;
  command) "$@" "$source" "$target" 1>&2 ;;
esac
code=$?
[ "$code" -eq 0 ] || {
  echo "$program ended with exit code $code" >&2
  # Whatever the tool means by 75, 77 and 78, it is no word to the bus.
  case $code in 75 | 77 | 78) exit 1 ;; *) exit "$code" ;; esac
}
printf '{"tool":"%s","source":"%s","target":"%s","seconds":%s}\n' "$(json "$program")" "$(json "$source")" "$(json "$target")" "$(($(date +%s) - began))"

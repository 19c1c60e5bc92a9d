#!/usr/bin/env bash
# What the Jenkinsfile says to Failwise. Exits 0 when it may go on, 1 when not, and says why in one line.
#
#   failwise.sh confirm           may this build change something?
#   failwise.sh stage NAME        the same, then runs failover/NAME SIDE, and reports that
#   failwise.sh report OUTCOME    reports how the build ended
#
# FAILWISE_URL, FAILWISE_TOKEN, FAILWISE_KEY, FAILWISE_SERVICE, SIDE, REHEARSE (true or false), BUILD_TAG come from the Jenkinsfile.
set -euo pipefail

: "${FAILWISE_URL:?}" "${FAILWISE_TOKEN:?}" "${FAILWISE_SERVICE:?the parameter service is empty}" "${SIDE:?}"
: "${FAILWISE_KEY:=}" "${REHEARSE:=true}" "${BUILD_TAG:=by hand}" "${FAILOVER_FOLDER:=failover}"

say() { printf 'failwise: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# The token goes through a file descriptor: arguments are seen by everybody on the machine.
call() {
  curl --silent --show-error --fail-with-body --max-time 20 --retry 2 --retry-connrefused \
    --header @<(printf 'Authorization: Bearer %s\n' "$FAILWISE_TOKEN") --header 'content-type: application/json' "$@"
}

# Silence means no: whoever cannot ask may not go on.
confirm() {
  if [ "$REHEARSE" = true ]; then say "a rehearsal of $FAILWISE_SERVICE to $SIDE"; return 0; fi
  [ -n "$FAILWISE_KEY" ] || stop 'only Failwise starts this for real; by hand it is a rehearsal'
  local status answer
  status=$(call "$FAILWISE_URL/v1/status") || stop "cannot ask Failwise: $status"
  answer=$(jq --raw-output --arg key "$FAILWISE_KEY" --arg service "$FAILWISE_SERVICE" '
    (.frozen | map(select(.service == null or .service == $service))) as $frozen
    | (.runs | map(select(.service == $service and (.id as $id | $key | startswith($id))))) as $runs
    | if ($frozen | length) > 0 then "frozen: \($frozen[0].reason)"
      elif ($runs | length) == 0 then "no run of Failwise stands behind this build"
      elif $runs[0].isDryRun then "the run is a rehearsal"
      elif $runs[0].state != (if $key | endswith(":undo") then "rolling_back" else "running" end) then "the run is \($runs[0].state)"
      else "yes" end' <<<"$status") || stop 'Failwise answered something that cannot be read'
  [ "$answer" = yes ] || stop "not going on: $answer"
}

report() {
  [ "$REHEARSE" = true ] && return 0
  local body
  body=$(jq --null-input --compact-output --arg service "$FAILWISE_SERVICE" --arg ref "$BUILD_TAG" --arg summary "$*" \
    '{ kind: "failover", service: $service, ref: $ref, summary: $summary }')
  # A report that does not arrive must not turn a finished move into a failed one.
  call --data "$body" "$FAILWISE_URL/v1/changes" >/dev/null || say 'the report did not arrive'
}

stage() {
  local script="$FAILOVER_FOLDER/$1"
  confirm
  [ -x "$script" ] || stop "there is no script $script"
  if [ "$REHEARSE" = true ]; then "$script" "$SIDE" --rehearse; return; fi
  "$script" "$SIDE"
  report "$1 done: $FAILWISE_SERVICE to $SIDE"
}

case "${1:-}" in
  confirm) confirm ;;
  stage) stage "${2:?which stage}" ;;
  report) report "failover of $FAILWISE_SERVICE to $SIDE ${2:?how did it end}" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

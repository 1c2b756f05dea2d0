#!/bin/sh
# The worker of hanging.cfg, in plain sh: sleeps as many seconds as the task says.
tab=$(printf '\t')
printf 'READY\n' >&3
while IFS=$tab read -r verb id attempt ms seconds; do
  case $verb in
    TASK)
      if sleep "$seconds" </dev/null 3>&-
      then printf 'OK\t%s\tslept %s\n' "$id" "$seconds" >&3
      else printf 'FAIL\t%s\texit %d\n' "$id" $? >&3
      fi ;;
    PING) printf 'BEAT\n' >&3 ;;
    QUIET | STOP) exit 0 ;;
  esac
done

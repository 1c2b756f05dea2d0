#!/bin/sh
# A worker that misbehaves, for a service pool: it works, and after some seconds it crashes, falls
# silent, floods its log, or leaves with a status. Which one is chance.
random() { # a number from 0 to $1 - 1
  set -- "$1" $(od -An -N4 -tu4 /dev/urandom)
  echo $(($2 % $1))
}

round=0
echo "worker $$ starts"
while :; do
  round=$((round + 1))
  work=$(($(random 15) + 6))
  while [ "$work" -gt 0 ]; do
    printf 'round %d: \033[32mok\033[0m, %d more steps\n' "$round" "$work"
    work=$((work - 1))
    sleep 1
  done
  case $(random 6) in
    0) echo "the disk of the imagination is full" >&2; exit 3 ;;
    1) echo "about to crash"; kill -SEGV $$ ;;
    2) echo "waiting for something that never comes"; sleep 1000 ;;
    3) echo "telling everything I know"; yes "I know one line and I know it well" | head -n 200000 ;;
    *) echo "round $round done" ;;
  esac
done

#!/bin/sh
# A worker for a pool with mode = "worker", in plain sh. Put your own work in: it reads the task
# from its standard input and prints the result. What it prints on stderr goes to the log.
work() {
  sha256sum | cut -d ' ' -f 1
}

tab=$(printf '\t') newline='
'
unescape() { # to the bytes of the task; "-" alone stands for none
  case $1 in
    -) ;;
    \\-) printf - ;;
    *\\0*) printf %b "$(printf %s "$1" | LC_ALL=C sed 's/\\\\/\\_/g; s/\\0/\\0000/g; s/\\_/\\\\/g')" ;;
    *) printf %b "$1" ;;
  esac
}
escape() { # to a field that holds no TAB and no newline
  case $1 in
    '') printf - ;;
    -) printf '\\-' ;;
    *[\\$tab$newline]*) printf '%s\n' "$1" | LC_ALL=C sed "s/\\\\/\\\\\\\\/g; s/$tab/\\\\t/g" |
      LC_ALL=C awk '{ printf "%s%s", (NR > 1 ? "\\n" : ""), $0 }' ;;
    *) printf %s "$1" ;;
  esac
}

printf 'READY\n' >&3
while IFS=$tab read -r verb id attempt ms payload; do
  case $verb in
    TASK) # 3>&-: only this loop may answer
      if result=$(unescape "$payload" | work 3>&-)
      then printf 'OK\t%s\t%s\n' "$id" "$(escape "$result")" >&3
      else printf 'FAIL\t%s\texit status %d\n' "$id" $? >&3
      fi ;;
    PING) printf 'BEAT\n' >&3 ;;
    QUIET | STOP) exit 0 ;;
  esac
done

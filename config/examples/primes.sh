#!/bin/sh
# One task of a command pool: counts the primes from $1 up to (not including) $1 + $2.
exec awk -v from="$1" -v count="$2" 'BEGIN {
  found = 0
  for (n = from; n < from + count; n++) {
    if (n < 2) continue
    prime = 1
    for (d = 2; d * d <= n; d++) if (n % d == 0) { prime = 0; break }
    found += prime
  }
  print found
}'

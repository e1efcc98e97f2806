#!/usr/bin/env bash
# Says in one line which tests were left out for want of a tool; silent when all is there. Arguments: more tools that would
# have been used.
set -euo pipefail

left_out=()
lacks() {
  command -v "$1" >/dev/null || left_out+=("$1 ($2)")
}

lacks node "unit tests of the browser's shell"
lacks hledger "another program's look at the books"
lacks bean-check "another program's look at the books"
lacks strace "what the ledger asks of the system"
for more in "$@"; do
  lacks "$more" "make check"
done
[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || left_out+=("root on Linux (full disks)")

if [ ${#left_out[@]} -gt 0 ]; then
  printf -v list '%s, ' "${left_out[@]}"
  echo "left out for want of a tool: ${list%, }; \`lapak doctor\` knows the cures"
fi

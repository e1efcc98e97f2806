#!/usr/bin/env bash
# Brings what is missing for building and testing; says in one line what it installs and why; silent when all
# is there. Arguments: what is needed, of `build`, `browser` and `books`.
set -euo pipefail

fail() {
  echo "setup: $1" >&2
  exit 4
}

# Installs Debian packages, or tells how.
debian() {
  local why=$1
  shift
  local sudo=""
  command -v apt-get >/dev/null || fail "$why needs: $*. There is no apt-get here; install them by hand."
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$why needs: $*. Run as root: apt-get install $*"
    sudo="sudo"
  fi
  echo "setup: installing $* ($why)"
  local log
  log=$(mktemp)
  if ! { $sudo apt-get update && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    fail "apt-get could not install: $*. Its last lines are above; the whole log is $log"
  fi
  rm -f "$log"
}

have_rustup_target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

have_debian_target() {
  [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src/rust/library ] \
    || { [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && ls -d /usr/src/rustc-*/library >/dev/null 2>&1; }
}

need_build() {
  command -v cargo >/dev/null || fail "cargo is missing. Install Rust 1.95 or newer from https://rustup.rs"
  command -v cc >/dev/null || debian "the C compiler builds SQLite" gcc libc6-dev
  have_rustup_target && return
  if command -v rustup >/dev/null; then
    echo "setup: adding the target wasm32-unknown-unknown (apps compile to it)"
    timeout 300 rustup target add wasm32-unknown-unknown >/dev/null 2>&1 || true
    have_rustup_target && return
  fi
  have_debian_target && return
  debian "apps compile to WebAssembly, and rustup could not add the target" \
    rustc-web cargo-web rust-web-src rust-web-llvm lld-22
}

need_browser() {
  { command -v chromium && command -v chromedriver; } >/dev/null && return
  debian "the browser tests drive a real browser" chromium chromium-driver
}

need_books() {
  command -v hledger >/dev/null && return
  debian "a test lets another program check the ledger's books" hledger
}

for need in "$@"; do
  "need_$need"
done

#!/usr/bin/env bash
# Runs what `make dist` made in a root folder that holds nothing else but sources of chance: no Rust, no shell, no libraries. Needs root (chroot).
set -euo pipefail
cd "$(dirname "$0")/../.."

dist=${CARGO_TARGET_DIR:-target}/packages
deb=$(ls "$dist"/*.deb)
root=$(mktemp -d)
served=""
clean() {
  [ -z "$served" ] || kill "$served" 2>/dev/null || true
  rm -rf "$root"
}
trap clean EXIT

fail() {
  echo "dist: $1" >&2
  exit 1
}
# The command inside, with an environment of its own.
inside() {
  env -i HOME=/root PATH=/usr/bin "$(command -v chroot)" "$root" /usr/bin/lapak "$@"
}

dpkg-deb --extract "$deb" "$root"
mkdir -p "$root/tmp" "$root/root" "$root/dev" "$root/proc" "$root/etc"
# Every machine and every container has these; a static program has its chance from there.
mknod -m 444 "$root/dev/random" c 1 8
mknod -m 444 "$root/dev/urandom" c 1 9
echo "127.0.0.1 localhost market.test" >"$root/etc/hosts"
# Refused by the loader if the program were not static.
inside --version
inside new /root/shop >/dev/null
[ -f "$root/root/shop/src/lib.rs" ] || fail "\`lapak new\` made no app"
for app in counter warung dompet sepeda; do
  inside inspect "/usr/share/lapak/examples/$app/$app.ma" >/dev/null
  inside shot "/usr/share/lapak/examples/$app/$app.ma" --out "/tmp/$app.png" >/dev/null
  [ "$(head -c 4 "$root/tmp/$app.png" | tail -c 3)" = PNG ] || fail "no picture of $app"
done
# What needs Rust says so, and what to do.
if inside build /root/shop 2>"$root/told"; then
  fail "an app was built without a compiler"
fi
grep -q "rustup" "$root/told" || fail "\`lapak build\` names no cure: $(cat "$root/told")"
inside doctor --no-build >/dev/null || fail "the doctor finds something missing that packages need"
# Names are found without the machine's own libraries for them, which may be of another C library. This one ends who loads it.
echo "hosts: other files dns" >"$root/etc/nsswitch.conf"
libraries=$root/usr/lib/$(cc -print-multiarch)
mkdir -p "$libraries"
echo '#include <unistd.h>
__attribute__((constructor)) static void loaded(void) { _exit(99); }' | cc -shared -fPIC -x c - -o "$libraries/libnss_other.so.2"
cp -L "/lib/$(cc -print-multiarch)/libc.so.6" "$libraries/"
inside doctor --no-build | grep -q "✓ host names" || fail "localhost is not found by its name"
inside doctor >"$root/told" 2>&1 && fail "the doctor misses no compiler"
grep -qi "packages that exist already" "$root/told" || fail "the doctor does not say what works: $(cat "$root/told")"

env -i HOME=/root "$(command -v chroot)" "$root" /usr/bin/lapak preview --port 0 /usr/share/lapak/examples/{warung,dompet,sepeda,counter} >"$root/said" 2>&1 &
served=$!
for _ in $(seq 600); do
  grep -q "Lapak preview:" "$root/said" && break
  kill -0 "$served" 2>/dev/null || fail "the preview ended: $(cat "$root/said")"
  sleep 0.1
done
url=$(sed -n 's/^Lapak preview: \(http[^ ]*\).*/\1/p' "$root/said")
page=$(curl --silent --fail --location "${url}a/counter") || fail "the preview answers nothing"
grep -q 'aria-label="Add one"' <<<"$page" || fail "the counter is not shown"
# Reached by a name: told what the server says to it.
inside doctor --server "http://market.test:${url##*:}" >"$root/told" 2>&1 || true
grep -q -- "--host-name market.test" "$root/told" || fail "market.test was not reached by its name: $(cat "$root/told")"
echo "dist: $(basename "$deb") works in an empty root folder: new, inspect, shot, doctor, preview"

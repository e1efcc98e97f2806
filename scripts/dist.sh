#!/usr/bin/env bash
# Makes what is given to machines without Rust, in <target>/packages: one static `lapak`, with the examples as packages, as a tar
# archive and as a .deb, and the folder that a container is built from. Needs Rust and glibc's static libraries (libc6-dev).
set -euo pipefail
cd "$(dirname "$0")/.."

built=${CARGO_TARGET_DIR:-target}
dist=$built/packages
host=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=lapak-$version-${host%%-*}-linux
case ${host%%-*} in
  x86_64) debian=amd64 ;;
  aarch64) debian=arm64 ;;
  *) debian=${host%%-*} ;;
esac
# Everything is in the program, libc too: it runs on any Linux of this processor, whatever is installed there. The target is
# named, so that the flags hold for the program alone and not for the macros that the compiler loads.
mkdir -p "$built/$host/dist"
names=$(cd "$built/$host/dist" && pwd)/names.o
cc -O2 -fPIC -c scripts/dist/names.c -o "$names"
RUSTFLAGS="-C target-feature=+crt-static -C link-arg=$names" \
  cargo build --workspace --bin lapak --profile dist --target "$host" --target-dir "$built"

# Files carry the commit's time, so that the same commit makes the same archives. Not before the build: C parts would be compiled
# again for every commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

rm -rf "$dist"
files=$dist/$name
mkdir -p "$files/examples"
install -m 755 "$built/$host/dist/lapak" "$files/lapak"
install -m 644 LICENSE README.md CHANGELOG.md "$files/"
for app in counter warung dompet sepeda; do
  mkdir "$files/examples/$app"
  "$files/lapak" build "examples/$app" --out "$files/examples/$app/$app.ma" >/dev/null
  for beside in shop.json device.json; do
    [ ! -f "examples/$app/$beside" ] || install -m 644 "examples/$app/$beside" "$files/examples/$app/"
  done
done
find "$files" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

tar --create --gzip --file "$dist/$name.tar.gz" --directory "$dist" --sort=name --owner=0 --group=0 --numeric-owner "$name"

# The .deb: /usr/bin/lapak, and the rest where Debian looks for it.
root=$dist/deb
install -D -m 755 "$files/lapak" "$root/usr/bin/lapak"
mkdir -p "$root/usr/share/lapak"
cp -a "$files/examples" "$root/usr/share/lapak/"
install -D -m 644 LICENSE "$root/usr/share/doc/lapak/copyright"
install -D -m 644 -t "$root/usr/share/doc/lapak" README.md CHANGELOG.md
gzip -9 --no-name "$root/usr/share/doc/lapak/CHANGELOG.md"
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: lapak
Version: $version
Architecture: $debian
Maintainer: Lapak developers <lapak@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Section: devel
Priority: optional
Suggests: cargo, gcc
Description: runtime of WebAssembly mini-programs
 Makes mini-apps, builds them, shows them in a browser or as pictures, drives them.
 Runs packages that exist already without anything else; building apps needs Rust and its
 target wasm32-unknown-unknown, which "lapak doctor" tells of.
CONTROL
dpkg-deb --build --root-owner-group "$root" "$dist/lapak_${version}_$debian.deb" >/dev/null
rm -rf "$root"

# What `docker build` or `podman build` takes: the Containerfile, and what it copies.
mkdir -p "$dist/container"
cp -a "$files/lapak" "$files/examples" scripts/dist/Containerfile "$dist/container/"
mkdir -p "$dist/container/data" "$dist/container/tmp"

(cd "$dist" && sha256sum ./*.tar.gz ./*.deb >SHA256SUMS)
ls -l "$dist"

# make demo · make test · make bench · make check
PORT ?= 7700

.PHONY: help setup demo test bench check screenshots

help:
	@echo "make demo [PORT=7700]  build the example apps and show them in a browser"
	@echo "make test              every test, a real browser's among them"
	@echo "make bench [ONLY=id]   measure"
	@echo "make check             formatting, lints, docs, tests"
	@echo "make screenshots       the pictures in the README"

setup:
	@scripts/setup.sh build

demo: setup
	cargo build --workspace --bin lapak
	target/debug/lapak preview examples/warung examples/counter --port $(PORT)

test:
	@scripts/setup.sh build browser books
	cargo test --workspace

bench: setup
	cargo bench --workspace --bench figures -- $(ONLY)

check:
	@scripts/setup.sh build browser books
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	cargo test --workspace
	@command -v cargo-deny >/dev/null && cargo deny check || echo "cargo-deny is not installed: licences not checked (cargo install cargo-deny)"

screenshots: setup
	cargo build --workspace --bin lapak
	mkdir -p docs
	target/debug/lapak shot examples/warung --frame --scale 2 --out docs/warung-menu.png
	target/debug/lapak shot examples/warung --frame --scale 2 --lang id --page 'pages/dish?id=rendang' --out docs/warung-dish.png

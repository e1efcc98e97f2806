# make demo · make test · make bench · make check
PORT ?= 7700
BUILT = $(or $(CARGO_TARGET_DIR),target)
# Every order in which the scheduler's threads may act, explored by loom.
MODEL_TEST = cargo test -p lapak-scheduler --features model --test model
# The browser shell's unit tests. Without node they are left out: the browser tests use the same code as a whole.
SHELL_TESTS = @if command -v node >/dev/null; then node --test preview/assets-tests/*.test.mjs; fi
# What was not tested for want of a tool, in one line.
SKIPPED = @scripts/skipped.sh

.PHONY: help setup demo test delays attack bench check bindings dist screenshots

help:
	@echo "make demo [PORT=7700]  build the example apps and show them in a browser"
	@echo "make test              every test, a real browser's among them"
	@echo "make delays [TESTS=…]  the tests again, with threads that sleep where one hands over to another"
	@echo "make attack            hostile apps, packages and clients beside a neighbour who taps"
	@echo "make bench [ONLY=id]   measure"
	@echo "make check             formatting, lints, docs, tests"
	@echo "make dist              a static program, a .deb, a tar archive, a container's folder, for machines without Rust; tested"
	@echo "make bindings          the SDK's bindings, after a change of the WIT files"
	@echo "make screenshots       the pictures in the README"

setup:
	@scripts/setup.sh build

demo: setup
	cargo build --workspace --bin lapak
	$(BUILT)/debug/lapak preview examples/warung examples/dompet examples/sepeda examples/counter --port $(PORT)

test:
	@scripts/setup.sh build browser books
	cargo test --workspace
	$(MODEL_TEST)
	$(SHELL_TESTS)
	$(SKIPPED)

# What counts on who comes first fails here, and elsewhere only now and then. Not a part of `make check`: it takes longer than all of that.
delays: export LAPAK_DELAYS ?= *:50:20000
delays:
	@scripts/setup.sh build browser books
	cargo test --workspace --no-fail-fast --features lapak-host/delays $(TESTS)

# Hostile apps, packages and clients against the real command, a minute each, then all at once for 20 minutes.
attack: export LAPAK_ATTACK_SECONDS ?= 60
attack: export LAPAK_SOAK_SECONDS ?= 1200
attack: setup
	cargo test --workspace --test attack -- --nocapture --test-threads 1

bench: setup
	cargo bench --workspace --bench figures -- $(ONLY)

# Sessions and their twins are driven for two minutes (`make test`: 20 s).
check: export LAPAK_ENDURANCE_SESSIONS ?= 2000
check: export LAPAK_ENDURANCE_SECONDS ?= 120
check:
	@scripts/setup.sh build browser books
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	cargo check --manifest-path abi/fuzz/Cargo.toml --target-dir $(BUILT)/fuzz
	cargo test --workspace
	$(MODEL_TEST)
	$(SHELL_TESTS)
	@if command -v cargo-deny >/dev/null; then cargo deny check; fi
	$(SKIPPED) cargo-deny

bindings:
	cargo run --bin bindings

dist: setup
	scripts/dist.sh
	scripts/dist/test.sh

screenshots: setup
	cargo build --workspace --bin lapak
	mkdir -p docs
	$(BUILT)/debug/lapak shot examples/warung --frame --scale 2 --out docs/warung-menu.png
	$(BUILT)/debug/lapak shot examples/warung --frame --scale 2 --lang id --page 'pages/dish?id=rendang' --out docs/warung-dish.png
	@scripts/setup.sh browser
	cargo test --workspace --test browser the_inspector_shows
	cp $(BUILT)/tmp/screenshots/inspector-view.png docs/preview.png
	cargo test --workspace --test dompet -- pictures
	cargo test --workspace --test sepeda -- pictures
	for picture in sepeda-map sepeda-riding payment-sheet payment-pin dompet; do cp $(BUILT)/tmp/screenshots/$$picture.png docs/; done

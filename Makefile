# `make help` lists the targets.

CARGO ?= cargo
TARGET := $(shell rustc -vV | sed -n 's/^host: //p')
BIN := target/$(TARGET)/release/quaymaster

.PHONY: help build demo test lint deps tools bench clean-demo

help:
	@echo 'make demo   build quaymaster and show it at work against its sandbox registry, under target/demo'
	@echo 'make test   install what the tests need (apt, as root) and run every test'
	@echo 'make build  the release binary, $(BIN)'
	@echo 'make lint   formatting, clippy, documentation, licences and banned dependencies'
	@echo 'make bench  time whole commands against ansible-core, mitogen, pyinfra and scp'

build:
	$(CARGO) build --release

demo: build
	scripts/demo.sh $(BIN)

deps:
	scripts/test-deps.sh
	scripts/ansible-venv.sh

test: deps
	$(CARGO) test

tools:
	scripts/tools.sh

lint: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' $(CARGO) doc --no-deps --document-private-items
	$(CARGO) deny --log-level error check bans licenses sources

bench: build
	benches/run.sh $(BIN)

clean-demo:
	rm -rf target/demo

# `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# An import of a target that is not declared compiles silently without this.
SWIFT_BUILD := swift build --explicit-target-dependency-import-check error

# What the transport is measured beside; a package of its own, which nothing else resolves.
ASYNC_HTTP_CLIENT := --package-path Benchmarks/AsyncHTTPClient

# The suites of the transport that open sockets; its policies are pure.
SOCKET_TESTS := CurlTransport(?!Policy)|VPSAPIFault

# Optimised: a debug build takes many times as long for one history.
PROOF = "$$(swift build --configuration release --show-bin-path)/BridgeProof"

.PHONY: help demo build test proof bench lint format verify fuzz nightly image image-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: packages ## See it work: a hung server, an alert, a reboot, verified; no account needed
	swift build --product vpsbridge
	"$$(swift build --show-bin-path)/vpsbridge" demo

build: packages ## Build everything (debug)
	$(SWIFT_BUILD)

test: packages ## Run all tests: Swift's, then the end-to-end scripts with the real senders
	$(SWIFT_BUILD) --build-tests
	swift test --skip-build --parallel --skip '$(SOCKET_TESTS)|Inbound'
	# Real sockets with real deadlines need the processors for themselves.
	swift test --skip-build --parallel --filter '$(SOCKET_TESTS)'
	swift test --skip-build --parallel --filter Inbound
	scripts/end-to-end

proof: packages ## Prove the guards: generated histories, faults against a ledger, and each guard left out must be noticed
	swift build --configuration release --product BridgeProof
	$(PROOF) histories $(or $(HISTORIES),20000)
	$(PROOF) ledger $(or $(LEDGER_RUNS),10000)
	$(PROOF) mutants

bench: packages ## Measure a release build, side by side with what it is compared to
	swift build --configuration release
	swift build --configuration release $(ASYNC_HTTP_CLIENT)
	folder="$$(swift build --configuration release --show-bin-path)"; \
	RULE_BENCH_BIN="$$folder/RuleBench" python3 scripts/bench-rules.py; \
	TRANSPORT_BENCH_BIN="$$folder/TransportBench" CURL_BENCH_BIN="$$folder/CurlBench" \
	AHC_BENCH_BIN="$$(swift build --configuration release $(ASYNC_HTTP_CLIENT) --show-bin-path)/AsyncHTTPClientBench" \
		python3 scripts/bench-transport.py; \
	VPSBRIDGE_BIN="$$folder/vpsbridge" BARE_HANDLER_BIN="$$folder/BareHandler" python3 scripts/bench.py; \
	VPSBRIDGE_BIN="$$folder/vpsbridge" BRIDGE_PROOF_BIN="$$folder/BridgeProof" python3 scripts/bench-engine.py

lint: ## Check the format of the sources
	scripts/verify format

format: ## Format the sources in place
	swift format --in-place --parallel --recursive Sources Tests Benchmarks Package.swift

verify: packages ## Check the tree: format, import direction, banned calls, documents; fuzz a little
	scripts/verify
	scripts/fuzz 5

fuzz: packages ## Fuzz every reader of foreign text, two minutes each (scripts/fuzz SECONDS TARGET for one)
	scripts/fuzz 120

nightly: test verify bench ## What takes too long for every change: sanitizers, fuzzing, benchmarks, the image
	scripts/fuzz 900
	$(MAKE) proof HISTORIES=1000000 LEDGER_RUNS=100000
	E2E_TIME_LIMIT=7200 E2E_KILLS=200 E2E_ACTIONS=60 scripts/end-to-end kill_nine_scale
	E2E_TIME_LIMIT=7200 E2E_CUTS=400 E2E_ALERTS=500 scripts/end-to-end power_cut
	VPSBRIDGE_LONG_TESTS=50 swift test --skip-build --filter 'RulesIndexTests|RulesProgram'
	VPSBRIDGE_LONG_TESTS=25 swift test --skip-build --filter 'EngineStop|EngineCreate|EngineCleaner|StoreSQLitePurchase|VPSAPIOracle'
	swift test --sanitize=thread --scratch-path .build-tsan --skip '$(SOCKET_TESTS)|Inbound'
	# Ten times slower and beside each other, sockets miss their deadlines.
	swift test --no-parallel --sanitize=thread --scratch-path .build-tsan --filter '$(SOCKET_TESTS)|Inbound'
	# The modules that own C memory. Without XCTest, which runs no test of ours and leaks.
	swift test --no-parallel --disable-xctest --sanitize=address --scratch-path .build-asan --filter 'CurlTransport|VPSAPI'
	scripts/image-check

image: ## Build the container image with the engine of this machine
	scripts/image

image-check: ## Prove the image without an engine: build, start hardened, health check, stop (root, Debian)
	scripts/image-check

clean: ## Remove build products and fetched tools
	rm -rf .build .build-* .cache Benchmarks/AsyncHTTPClient/.build

.PHONY: packages
packages:
	@scripts/install-build-packages

# `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# An import of a target that is not declared compiles silently without this.
# Nothing here reads an index; without one the build takes a fifth less.
SWIFT_BUILD := swift build --disable-index-store --explicit-target-dependency-import-check error
# What was built so has tests of Swift Testing alone.
SWIFT_TEST := swift test --disable-index-store --disable-xctest --enable-swift-testing

# What the transport is measured beside; a package of its own, which nothing else resolves.
ASYNC_HTTP_CLIENT := --package-path Benchmarks/AsyncHTTPClient

# What real time is measured in: the suites of the transport that open sockets (its policies are pure), and the way of a resolve.
REAL_TIME_TESTS := CurlTransport(?!Policy)|VPSAPIFault|EngineResolveLatency

# Optimised: a debug build takes many times as long for one history.
PROOF = "$$(swift build --configuration release --show-bin-path)/BridgeProof"

.PHONY: help demo build test mutants proof bench lint format verify fuzz nightly image image-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: packages ## See it work: a hung server, an alert, a reboot, verified; no account needed
	swift build --product vpsbridge
	"$$(swift build --show-bin-path)/vpsbridge" demo

build: packages ## Build everything (debug)
	$(SWIFT_BUILD)

test: packages ## Run all tests: Swift's, then the end-to-end scripts with the real senders
	$(SWIFT_BUILD) --build-tests
	$(SWIFT_TEST) --skip-build --parallel --skip '$(REAL_TIME_TESTS)|Inbound'
	# Real sockets with real deadlines need the processors for themselves.
	$(SWIFT_TEST) --skip-build --parallel --filter '$(REAL_TIME_TESTS)'
	$(SWIFT_TEST) --skip-build --parallel --filter Inbound
	# A part of `make proof`, the same in each run: what turns red was turned so by the change.
	"$$(swift build --show-bin-path)/BridgeProof" histories 500 1
	"$$(swift build --show-bin-path)/BridgeProof" ledger 100 1
	scripts/end-to-end

mutants: packages ## Leave out one guard after the other: each time a test must turn red (WHICH=20-35 for some)
	scripts/mutants $(WHICH)

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

verify: packages ## Check the tree: format, import direction, banned calls, documents, catalogue of mutants; fuzz a little
	scripts/verify
	scripts/mutants --check
	scripts/fuzz 5

fuzz: packages ## Fuzz every reader of foreign text, two minutes each (scripts/fuzz SECONDS TARGET for one)
	scripts/fuzz 120

nightly: test verify bench ## What takes too long for every change: sanitizers, fuzzing, benchmarks, the image
	scripts/fuzz 900
	$(MAKE) mutants
	$(MAKE) proof HISTORIES=1000000 LEDGER_RUNS=100000
	E2E_TIME_LIMIT=7200 E2E_KILLS=200 E2E_ACTIONS=60 scripts/end-to-end kill_nine_scale
	E2E_TIME_LIMIT=7200 E2E_CUTS=400 E2E_ALERTS=500 scripts/end-to-end power_cut
	VPSBRIDGE_LONG_TESTS=50 $(SWIFT_TEST) --skip-build --filter 'RulesIndexTests|RulesProgram'
	VPSBRIDGE_LONG_TESTS=25 $(SWIFT_TEST) --skip-build --filter 'EngineStop|EngineCreate|EngineCleaner|StoreSQLitePurchase|VPSAPIOracle'
	$(SWIFT_TEST) --sanitize=thread --scratch-path .build-tsan --skip '$(REAL_TIME_TESTS)|Inbound'
	# Ten times slower and beside each other, sockets miss their deadlines.
	$(SWIFT_TEST) --no-parallel --sanitize=thread --scratch-path .build-tsan --filter '$(REAL_TIME_TESTS)|Inbound'
	# The modules that own C memory. XCTest, which has no test of ours, would leak.
	$(SWIFT_TEST) --no-parallel --sanitize=address --scratch-path .build-asan --filter 'CurlTransport|VPSAPI'
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

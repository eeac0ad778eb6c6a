# Letterbox. "make help" lists the targets.
SHELL := /bin/sh
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# gin leaves out an encoding that nobody asks for: 6 MB of the program.
TAGS := nomsgpack
LDFLAGS := -s -w -X letterbox/internal/app.version=$(VERSION)
# Two test programs at a time: each may start its own mail server and browser. The race detector looks at everything
# but the inside of the embedded SQLite, which it would make several times slower.
TEST_FLAGS ?= -race -gcflags='modernc.org/...=-race=false' -p 2 -timeout 45m
FUZZ_TIME ?= 30s
# Of "make chaos": real mails, simulated seeds, mails of each seed.
N ?= 2000
SEEDS ?= 1000
SEED_MAILS ?= 12
IMAGE ?= letterbox

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: services vet fmt-check ## All tests with the race detector, on real servers; nothing is skipped
	LETTERBOX_TEST_REQUIRE_ALL=1 $(GO) run ./internal/testdb/mariadb $(GO) test $(TEST_FLAGS) ./...
	LETTERBOX_OCTETS=all LETTERBOX_FLOW_ROUNDS=1000 $(GO) test -timeout 45m -run 'TestNoSeedLosesOrDoublesAMail|MayBeCutAfterEachOctet|TestClockThatJumps|TestDryRunOfFlowRules' ./gateway
	$(GO) test -tags planted -run TestSimulationFindsPlantedBugs ./gateway

.PHONY: test-short
test-short: vet fmt-check ## Quick tests without the race detector; what needs a missing server is skipped
	$(GO) test -short -timeout 10m ./...

.PHONY: services
services: ## Install the servers that the tests start (Debian, as root); say what is missing elsewhere
	@scripts/ensure-test-services

.PHONY: bench
bench: ## Mail through a private Dovecot end to end as a table, then the benchmarks of every package
	@scripts/ensure-test-services strace
	CGO_ENABLED=0 $(GO) run -tags $(TAGS) -ldflags "-s -w" ./internal/bench
	$(GO) test -run '^$$' -bench . -benchmem -p 1 ./...

.PHONY: chaos
chaos: services ## Break everything while N real mails and SEEDS simulated installations come through; one table of what was lost
	$(GO) run ./internal/chaos -n $(N) -seeds $(SEEDS) -seed-mails $(SEED_MAILS)
	$(GO) test -tags planted -run TestSimulationFindsPlantedBugs ./gateway

.PHONY: fuzz
fuzz: ## Each fuzz test for FUZZ_TIME (30s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$name"; $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZ_TIME) $$pkg; \
		done; \
	done

.PHONY: pictures
pictures: services ## Take the pictures of the README and of docs/admin anew, by the browser tests
	LETTERBOX_TEST_REQUIRE_ALL=1 LETTERBOX_TEST_IMAGES=$(CURDIR)/docs/images LETTERBOX_TEST_PICTURES=$(CURDIR)/docs/admin/pictures $(GO) test -count=1 -run 'TestPicturesOf|TestQuickStartInABrowser|TestRulesAreTried' ./handlers ./internal/acceptance

.PHONY: xss
xss: services ## Show what stands in the lists of the folder LISTS in a browser: no script may run, nothing may leave
	LETTERBOX_TEST_REQUIRE_ALL=1 LETTERBOX_XSS_LISTS=$(abspath $(LISTS)) $(GO) test -count=1 -v -timeout 90m -run TestListedMarkup ./handlers

.PHONY: build
build: ## Build the program into bin/letterbox, static, with its version
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -trimpath -ldflags '$(LDFLAGS)' -o bin/letterbox ./cmd/letterbox

.PHONY: demo
demo: ## Run the demo: mail servers, sample mails and the tracker on this machine
	$(GO) run ./cmd/letterbox demo

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: fmt
fmt: ## Format the source
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: fmt-check
fmt-check: ## Fail when a file is not formatted
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$out" ]; then echo "not formatted, run make fmt:"; echo "$$out"; exit 1; fi

.PHONY: lint
lint: vet fmt-check ## golangci-lint with .golangci.yml, when it is installed
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "golangci-lint is not installed: only vet and format were checked"; fi

.PHONY: docker
docker: ## Build the container image
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

# Everything that a developer or CI runs. `make help` lists it.

SHELL    := /bin/bash
.SHELLFLAGS := -o pipefail -c
GO       ?= go
# Tools with long builds are kept between checkouts.
TOOLS    ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/scimsync
LINT_VERSION := v2.15.0
LINT     := $(TOOLS)/golangci-lint-$(LINT_VERSION)/golangci-lint
SERVERS  := $(TOOLS)/servers
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -X main.version=$(VERSION)
FUZZTIME ?= 10s
# Of the torture: how often each failure is tried, the first seed, and how many
# lives of several days the job has in bad weather.
N        ?= 1000
SEED     ?= 1
LIVES    ?= $(shell echo $$(( ($(N) + 49) / 50 )))

.PHONY: help build demo test test-servers torture reliability race fuzz bench lint fmt tidy clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

build: ## build bin/scimsync
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/scimsync ./cmd/scimsync

demo: build ## the main job: a sample directory provisioned into the built-in sandbox
	@./bin/scimsync demo

test: test-servers ## install what the tests need, and run them all
	SCIMSYNC_TEST_SERVERS=$(SERVERS) $(GO) test -timeout 40m ./...

test-servers: ## install the SCIM servers and the mail server from npm that the tests run against
	@./connectors/connectortest/npmserver/servers/install $(SERVERS)

torture: test-servers ## crashes, power failures, full disks: N tries of each, from SEED on
	TORTURE=$(N) TORTURE_SEED=$(SEED) $(GO) test -count=1 -timeout 24h -v -skip 'Weather' ./cmd/torture/... | grep -v '^=== RUN'
	TORTURE=$(LIVES) TORTURE_SEED=$(SEED) SCIMSYNC_TEST_SERVERS=$(SERVERS) $(GO) test -count=1 -timeout 24h -v -run 'Weather' ./cmd/torture | grep -v '^=== RUN'

reliability: test-servers ## try every promise, and write docs/reliability.md
	SCIMSYNC_TEST_SERVERS=$(SERVERS) $(GO) run ./cmd/torture -o docs/reliability.md

race: test-servers ## run the tests with the race detector
	SCIMSYNC_TEST_SERVERS=$(SERVERS) CGO_ENABLED=1 $(GO) test -race -short -timeout 40m ./...

fuzz: ## run every fuzz target for FUZZTIME
	@./.ci/fuzz $(FUZZTIME)

bench: ## benchmarks: users per second, peak memory
	$(GO) test -run '^$$' -bench . -benchtime 1x ./engine/... ./connectors/export
	$(GO) test -run '^$$' -bench . -benchmem ./mapping/... ./scope

lint: $(LINT) ## vet, the linters, the layering rules
	$(LINT) run ./...

$(LINT):
	GOBIN=$(dir $(LINT)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

fmt: $(LINT) ## format
	$(LINT) fmt ./...

tidy: ## go mod tidy
	$(GO) mod tidy

clean: ## remove what was built
	rm -rf bin dist

# InfraZen. "make up" starts the product with demo data, "make test" runs all tests.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
GO ?= go
TOOL := $(GO) tool -modfile=tools.mod
ENGINES := node_modules/.package-lock.json
RACE := $(shell command -v gcc >/dev/null 2>&1 && echo -race)
# Further flags of gotestsum, for example TEST_FLAGS=--rerun-fails.
TEST_FLAGS ?=
export GOFLAGS ?=

.PHONY: help up build engines web test lint fmt bench chromium clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: build ## fetch the engines, build, start the product with demo data
	@exec bin/infrazen up

build: engines web ## build the programs into bin/
	@echo "==> building the programs (the first time takes a minute or two)"
	@$(GO) build -o bin/ ./cmd/...

engines: $(ENGINES) ## fetch the prebuilt engines and the web app's libraries

$(ENGINES): package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer with npm"; exit 1; }
	@echo "==> fetching the engines: ClickHouse, PostgreSQL"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web: engines
	@echo "==> building the web app"
	@$(GO) run ./dashboards/build

chromium:
	@command -v chromium >/dev/null || { \
	  echo "==> installing Chromium for the browser tests"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium curl >/dev/null; \
	  elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium curl >/dev/null; \
	  else echo "chromium is missing: run 'sudo apt-get install chromium curl'"; exit 1; fi; }

test: engines chromium web ## run all tests
	@$(TOOL) gotestsum --format=pkgname-and-test-fails --hide-summary=output,skipped $(TEST_FLAGS) --packages=./... -- $(RACE) -p 2 -timeout 14m

lint: engines ## check formatting and habits
	@$(TOOL) golangci-lint run ./...

fmt: ## format the Go code
	@$(TOOL) gofumpt -w cmd clickhouse dashboards pipeline postgres providers

bench: build ## print the figures beside their limits
	@exec bin/infrazen bench

clean: ## remove what was built; the data in var/ stays
	rm -rf bin node_modules

# changectl: build, test, demonstrate.
#
#   make build   the programs into ./bin
#   make test    every check, on a machine with only Go, git and apt
#   make demo    the main job, for real, on this machine
#   make bench   speed, as ratios within one run
#   make fault   the long campaigns of kills and races
#   make lint    linters alone
#   make histories  record anew the histories that a test replays
#   make github-openapi  trim GitHub's published description of its API anew

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN := $(CURDIR)/bin
LDFLAGS := -X github.com/changectl/changectl/internal/app.Version=$(VERSION)

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
WORKFLOWCHECK := go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
GOTESTSUM     := gotest.tools/gotestsum@v1.13.0

export PATH := $(BIN):$(PATH)
export CGO_ENABLED := 0

.PHONY: build programs temporal tools packages lint test demo bench fault histories github-openapi clean

build: programs temporal

programs:
	@go build -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

temporal: $(BIN)/temporal-dev

$(BIN)/temporal-dev: $(wildcard tools/temporal-dev/*.go) tools/temporal-dev/go.mod tools/temporal-dev/go.sum
	@echo "== building the Temporal dev server; the first time this fetches about 240 MB of modules and takes some minutes"
	go -C tools/temporal-dev build -o $(BIN)/temporal-dev .
	touch $@

tools:
	@test/setup tools "$(BIN)" $(GOLANGCI_LINT) $(WORKFLOWCHECK) $(GOTESTSUM)

packages:
	@test/setup packages

lint: tools
	@echo "== lint"
	golangci-lint run ./...
	(cd tools/temporal-dev && golangci-lint run --config $(CURDIR)/.golangci.yaml ./...)
	echo "== workflowcheck"
	workflowcheck -config .workflowcheck.yaml ./workflows/...

test: packages build lint
	@echo "== tests: unit, workflow, replay, both databases, real servers, command line, model, faults and races in short"
	gotestsum --format pkgname --format-hide-empty-pkg -- -count=1 -timeout 30m ./...
	echo "== tests of the Temporal dev server"
	(cd tools/temporal-dev && gotestsum --format pkgname -- -count=1 -timeout 10m ./...)

demo: packages build
	@go run ./test/demo

bench: packages build
	@go run ./test/bench

fault: packages build
	@CHANGECTL_FAULT=full gotestsum --format standard-verbose -- -timeout 60m -count=1 ./test/fault/... ./test/races/... ./test/deliveries/...
	CHANGECTL_FAULT=full gotestsum --format standard-verbose -- -timeout 60m -count=1 -run 'NaiveModel|OneAfterTheOther' ./internal/ledger

histories: build
	@go run ./test/record

github-openapi: packages
	@go run ./test/ghfake/openapi

clean:
	@rm -rf $(BIN)

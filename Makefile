# Everything is built into build/, which git ignores.

GO ?= go
# Tests of packages that need no cgo; the doors' plugin mains are only built.
UNIT = $$($(GO) list ./... | grep -v -e /plugin$$ -e /e2e$$)
# The newest glibc that a library may need: Debian 12 and RHEL 9 have 2.34 or later.
GLIBC = 2.34
FUZZTIME ?= 30s
# Tools run from the module cache: nothing is installed, and go.mod, which says
# what the libraries are made of, does not know them.
GOTESTSUM = $(GO) run gotest.tools/gotestsum@v1.13.0
GOLANGCI_LINT = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build both libraries and the seawall command into build/
	@mkdir -p build
	CGO_ENABLED=1 $(GO) build -trimpath -buildmode=c-shared -o build/libseawall.so ./envoy/dynamicmodule/plugin
	CGO_ENABLED=1 $(GO) build -trimpath -buildmode=c-shared -o build/seawall-golang.so ./envoy/golang/plugin
	CGO_ENABLED=0 $(GO) build -trimpath -o build/seawall ./cmd/seawall
	@rm -f build/libseawall.h build/seawall-golang.h
	@$(MAKE) --no-print-directory glibc

.PHONY: glibc
glibc:
	@for so in build/libseawall.so build/seawall-golang.so; do \
	  symbols=$$(objdump -T $$so) || exit 1; \
	  newest=$$(printf '%s\n' "$$symbols" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1); \
	  [ "$$(printf '%s\n' "$$newest" $(GLIBC) | sort -V | tail -n 1)" = $(GLIBC) ] || \
	    { echo "$$so needs glibc $$newest, newer than $(GLIBC)" >&2; exit 1; }; \
	done

.PHONY: run
run: build ## Build, then start Envoy with Seawall before a demo page
	build/seawall run

# The packages first, with the race detector; then real Envoys, without it, for
# the libraries under test are the ones that users get. One runner, one summary.
.PHONY: test
test: build check ## Run everything that CI runs: formatting, vet, tests, real Envoys
	$(GOTESTSUM) --format pkgname --raw-command -- sh -c '\
	  failed=0; \
	  $(GO) test -json -race -timeout 900s $(UNIT) || failed=1; \
	  $(GO) test -json -count=1 -timeout 1500s ./e2e/... || failed=1; \
	  exit $$failed'

.PHONY: check
check: ## Check what needs no test: formatting, vet, go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt'ed: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags seawall_faults ./envoy/dynamicmodule/plugin
	$(GO) mod tidy -diff

.PHONY: lint
lint: ## Run golangci-lint (built on the first run, which takes minutes)
	$(GOLANGCI_LINT) run ./...

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@for package in $$($(GO) list ./... | grep -v /plugin$$); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

.PHONY: clean
clean: ## Remove what was built; downloaded Envoys stay in build/envoy
	rm -f build/libseawall.so build/seawall-golang.so build/seawall build/*.h
	rm -rf build/e2e build/e2e-faults

# Everything is built into build/, which git ignores.

GO ?= go
# Tests of packages that need no cgo; the doors' plugin mains are only built. The
# command's stories start it again and again, with an Envoy: without the race detector.
UNIT = $$($(GO) list ./... | grep -v -e /plugin$$ -e /e2e$$ -e /e2e/conformance$$ -e /cmd/seawall$$)
# The newest glibc that a library may need: Debian 12 and RHEL 9 have 2.34 or later.
GLIBC = 2.34
FUZZTIME ?= 30s
# cgocheck=0 is what Envoy's documentation sets for Go libraries by GODEBUG in its
# environment; without it Envoy 1.39 aborts at the start. Linked in, nobody can
# forget it.
SO = -buildmode=c-shared -ldflags '-X runtime.godebugDefault=cgocheck=0'
# What seawall --version says where Go has stamped nothing; empty outside a checkout.
STAMP = $(shell git describe --always --dirty 2>/dev/null)
# Tools run from the module cache: nothing is installed, and go.mod, which says
# what the libraries are made of, does not know them.
GOTESTSUM = $(GO) run gotest.tools/gotestsum@v1.13.0
GOLANGCI_LINT = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build both libraries and the seawall command into build/
	@mkdir -p build
	CGO_ENABLED=1 $(GO) build -trimpath $(SO) -o build/libseawall.so ./envoy/dynamicmodule/plugin
	CGO_ENABLED=1 $(GO) build -trimpath $(SO) -o build/seawall-golang.so ./envoy/golang/plugin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X main.stamp=$(STAMP)' -o build/seawall ./cmd/seawall
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
run: build ## Build, then start Envoy with Seawall before a demo page; RUN_FLAGS are its flags
	build/seawall run $(RUN_FLAGS)

# CRS's own suite through both doors first: it is no Go test. Then the packages, with
# the race detector; then real Envoys, without it, for the libraries under test are
# the ones that users get. One runner, one summary.
.PHONY: test
test: build contribhost check ## Run everything that CI runs: formatting, vet, CRS's suite, tests, real Envoys
	@failed=0; \
	$(GO) run ./e2e/ftw || failed=1; \
	for envoy in $(ENVOYS_golang); do \
	  SEAWALL_ENVOY_VERSION=$$envoy $(GO) run ./e2e/ftw -door golang || failed=1; \
	done; \
	$(GOTESTSUM) --format pkgname --raw-command -- sh -c '\
	  failed=0; \
	  $(GO) test -json -race -timeout 900s $(UNIT) || failed=1; \
	  $(GO) test -json -count=1 -timeout 1500s ./cmd/seawall ./e2e/... || failed=1; \
	  for envoy in $(ENVOYS_golang); do \
	    SEAWALL_DOOR=golang SEAWALL_ENVOY_VERSION=$$envoy $(GO) test -json -count=1 -timeout 900s ./e2e || failed=1; \
	  done; \
	  exit $$failed' || failed=1; \
	exit $$failed

.PHONY: check
check: ## Check what needs no test: formatting, vet, go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt'ed: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags seawall_faults ./envoy/dynamicmodule/plugin ./envoy/golang/plugin
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

# First every input in process, against stock Coraza at each paranoia level; then
# through the DOOR in each of ENVOYS (both below). What each test proves goes to
# build/ftw.json, for the golang door to build/ftw-golang-<version>.json. FTW_FLAGS
# are the runner's: go run ./e2e/ftw -help.
.PHONY: ftw
ftw: build contribhost ## Account for each of CRS's 4,674 regression tests, through a real Envoy over HTTP/1.1 and h2c
	SEAWALL_SWEEP=all $(GO) test -count=1 -timeout 900s -run Sweep ./e2e/ftw
	@for envoy in $(ENVOYS); do \
	  [ $$envoy != default ] || envoy=; \
	  SEAWALL_ENVOY_VERSION=$$envoy $(GO) run ./e2e/ftw -door $(DOOR) $(FTW_FLAGS) || exit 1; \
	done

# About three minutes on an idle machine. What each figure means: seawall bench
# --help, and filter/testdata/bench/README.md for the requests.
.PHONY: bench
bench: build ## Measure Seawall beside stock Coraza; BENCH_FLAGS: --rules, --envoy, --build, --time 10m ...
	build/seawall bench --json build/bench.json $(BENCH_FLAGS)

# The peer of `make bench BENCH_FLAGS='--peer libmodsecurity'`.
.PHONY: bench-peer
bench-peer: build ## Build what measures libmodsecurity, where its headers are installed
	@printf '#include <modsecurity/modsecurity.h>\n' | $(CC) -E -x c - >/dev/null 2>&1 || \
	  { echo "libmodsecurity's headers are not installed (Debian: libmodsecurity-dev)" >&2; exit 2; }
	$(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror -o build/modsecurity-bench \
	  cmd/seawall/bench/modsecurity/driver.c -lmodsecurity

# The fuzz targets' seeds have stock as their oracle too. What each input showed, and
# on which stock contradicts itself, goes to build/equal.json.
.PHONY: equal
equal: ## Compare every verdict with stock Coraza's; EQUAL_FLAGS are -only NAME, -pl 1,2, -screen on|off
	$(GO) test -count=1 -timeout 600s -run '^Fuzz' ./filter/...
	$(GO) run ./e2e/equal $(EQUAL_FLAGS)

.PHONY: clean
clean: ## Remove what was built; downloaded Envoys stay in build/envoy
	rm -f build/libseawall.so build/seawall-golang.so build/seawall build/modsecurity-bench build/*.h
	rm -rf build/e2e build/e2e-faults build/e2e-golang build/contribhost-checked build/libcontribhost.so

# The host of the golang door's library in a stock Envoy: e2e/contribhost.
CONTRIBHOST_DIR = build
CONTRIBHOST_CFLAGS = -std=gnu11 -D_GNU_SOURCE -g -O2 -fPIC -fvisibility=hidden -Wall -Wextra -Werror
module-dir = $$($(GO) list -m -f '{{.Dir}}' $(1))
CONTRIBHOST = golang=$(call module-dir,github.com/envoyproxy/envoy)/contrib/golang/common && \
	abi=$(call module-dir,github.com/envoyproxy/envoy/source/extensions/dynamic_modules)/abi && mkdir -p $(1) && \
	gcc $(CONTRIBHOST_CFLAGS) $(2) -isystem $$golang/dso -isystem $$golang/go/api -isystem $$abi \
	  -DABI_VERSION="\"$$(sha256sum < $$abi/abi.h | cut -d ' ' -f 1)\"" -shared -o $(1)/libcontribhost.so e2e/contribhost/*.c

.PHONY: contribhost
contribhost: ## Build what runs the golang door's library in a stock Envoy
	@$(call CONTRIBHOST,$(CONTRIBHOST_DIR),)

# Suites that others wrote. What is quick runs in `make test` as well; h2spec and
# Autobahn are installed below build/tools. Autobahn needs a Python 2.7 ($PYTHON2).
.PHONY: conformance
conformance: ## Run h2spec, Autobahn, Coraza's http/e2e, JSONTestSuite and the naughty strings against a real Envoy
	SEAWALL_CONFORMANCE=1 $(GO) test -count=1 -v -timeout 1800s ./e2e/conformance

# Which door the seam suite and e2e go through, and in which Envoys: "default" is
# the tests' own choice, the newest and a smoke set in the others. ENVOYS=1.39.3
# runs one alone.
DOOR ?= dynamicmodule
ENVOYS_dynamicmodule = default
ENVOYS_golang = 1.39.3 1.40.0
ENVOYS ?= $(ENVOYS_$(DOOR))
# through-door runs tests of e2e: their names, their time limit in each Envoy.
define through-door
	@for envoy in $(ENVOYS); do \
	  echo "e2e through $(DOOR), Envoy $$envoy"; \
	  [ $$envoy != default ] || envoy=; \
	  SEAWALL_DOOR=$(DOOR) SEAWALL_ENVOY_VERSION=$$envoy $(GO) test -count=1 -timeout $(2) -run '$(1)' ./e2e || exit 1; \
	done
endef
SEAM = ^Test(BehaviourTable|Seam|Streaming|DropOnHTTP1|Upgrade|Tunnels|GRPC|HTTP2Framing|Aborts|EnvoysOwnReplies|ClientAddress|Observability|APanic|ALarge)
SOAK ?= 10m

.PHONY: seam
seam: ## Run the seam suite, in process and through the DOOR (dynamicmodule)
	$(GO) test -count=1 -timeout 600s -run '^TestBehaviourTable$$' ./filter
	$(call through-door,$(SEAM),900s)

.PHONY: soak
soak: ## Run SOAK (10m) of mixed traffic, aborts, slow clients and reloads
	SEAWALL_SOAK=$(SOAK) $(GO) test -count=1 -v -timeout 0 -run '^TestSoak$$' ./e2e

# AddressSanitizer cannot live in Envoy (checked/guard.c says why): guard pages
# around our allocations, and UndefinedBehaviorSanitizer, which can.
.PHONY: contribhost-checked
contribhost-checked: ## Drive the golang door with memory checks in its host
	@$(call CONTRIBHOST,build/contribhost-checked,-fsanitize=undefined -fno-sanitize-recover=all -include e2e/contribhost/checked/guard.h e2e/contribhost/checked/guard.c)
	SEAWALL_CONTRIBHOST=$(CURDIR)/build/contribhost-checked $(GO) test -count=1 -timeout 600s -run '^Test(ChunkTiming|GolangDoorSoak|Contrib)' ./e2e

.PHONY: e2e
e2e: ## Run all tests with real Envoys through one door: DOOR=dynamicmodule or golang
	$(call through-door,.,1500s)

# Contrib's own host, which contribhost stands for everywhere else. It must be of
# the minor version that envoy/golang is built for (go.mod).
IMAGE ?= envoyproxy/envoy:contrib-v1.39.1
DOCKER ?= docker
.PHONY: e2e-contrib
e2e-contrib: ## Run the behaviour table in a real contrib Envoy: Docker runs IMAGE with this machine's network
	@$(DOCKER) version >/dev/null 2>&1 || { echo "needs Docker: it runs $(IMAGE), and $(DOCKER) answers nothing" >&2; exit 2; }
	SEAWALL_CONTRIB_IMAGE=$(IMAGE) DOCKER=$(DOCKER) $(GO) test -count=1 -timeout 900s -run '^TestBehaviourTableContribImage$$' ./e2e

.PHONY: golang-soak
golang-soak: ## Send 20,000 mixed requests through the golang door, with aborts and reloads
	SEAWALL_GOLANG_SOAK=20000 $(GO) test -count=1 -v -timeout 1200s -run '^TestGolangDoorSoak$$' ./e2e

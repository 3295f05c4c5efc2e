# Holdpoint: one command each to run, test, check. `make` alone lists them.
.DEFAULT_GOAL := help
MODE ?= polling
STACK ?= app-sam
ROUNDS ?= 40
TARGET ?= checkpoint
SECONDS ?= 60

help:       ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/: .*##/\t/' | expand -t 17

run:        ## install what is missing, build, start the server with the approvals stack deployed (MODE=polling|callback)
	@tools/run.sh "$(STACK)" "$(MODE)"

demo:       ## approve, reject and time out, in both modes, on a server of its own; then print the audit trails
	@tools/demo.sh

demo-document: ## document approval: its kind decides who approves, its version is marked (MODE=polling|callback)
	@tools/demo_use_case.sh document_approval "$(MODE)"

demo-expense: ## expense approval: limits decide who approves, what is approved is booked once (MODE=polling|callback)
	@tools/demo_use_case.sh expense_approval "$(MODE)"

demo-moderation: ## content moderation: held, then published or removed; what is urgent expires (MODE=polling|callback)
	@tools/demo_use_case.sh content_moderation "$(MODE)"

test:       ## every test: unit, property, and whole-program tests with real processes and clients
	@tools/install_packages.sh build test
	@tools/install_packages.sh browser || [ -z "$$CI" ]
	@tools/python_env.sh || [ -z "$$CI" ]
	cmake --preset dev && cmake --build --preset dev
	ctest --preset dev -LE long -j 3

check:      ## what every change must pass: format, layers, house rules, lint, unit and property tests
	@tools/install_packages.sh build test check
	@tools/check.sh

lint:       ## clang-tidy over every source, not only over what changed
	@tools/install_packages.sh build test check
	cmake --preset dev
	@tools/lint.sh

sim:        ## simulated worlds with crashes, lost messages and jumping clocks: some thousands, or one (SEED=n) with its trace
	@tools/install_packages.sh build
	cmake --preset release && cmake --build --preset release --target holdpoint_sim
	@build/release/bin/holdpoint_sim $(if $(SEED),--seed $(SEED) --trace,--kept sim/seeds.txt --seeds 1..3000)

sanitize:   ## unit and property tests under ASan+UBSan, then the threaded parts under TSan
	@tools/install_packages.sh build test
	@tools/sanitize.sh

long:       ## what takes longer: kill loops and hardship for the real server (ROUNDS=40), and every fuzz target for some seconds
	@tools/install_packages.sh build test
	@tools/python_env.sh || [ -z "$$CI" ]
	cmake --preset dev -DHOLDPOINT_ROUNDS=$(ROUNDS) && cmake --build --preset dev
	ctest --preset dev -L long -j 2
	cmake --preset asan && cmake --build --preset asan --target holdpoint_fuzz
	ctest --preset asan -L long -R '^fuzz' -j "$$(nproc)"

fuzz:       ## one fuzz target for a while: TARGET=checkpoint SECONDS=60 (docs/fuzzing.md)
	@tools/install_packages.sh build test
	cmake --preset asan && cmake --build --preset asan --target holdpoint_fuzz
	@fuzz/run.sh "$(TARGET)" "$(SECONDS)"

coverage:   ## line and branch coverage of the unit and property tests: build/coverage/report.txt
	@tools/install_packages.sh build test coverage
	cmake --preset coverage && cmake --build --preset coverage && ctest --preset coverage -L 'unit|property'
	gcovr --root . --filter 'src/' --filter 'include/' --exclude '.*_test\.cpp' --object-directory build/coverage \
	  --branches --print-summary -o build/coverage/report.txt

bench:      ## approvals per second, decision-to-done time, start-up time and memory of a function
	@tools/install_packages.sh build test
	cmake --preset release -DHOLDPOINT_BUILD_BENCH=ON && cmake --build --preset release
	@bench/run.sh

docs:       ## the reference of the public headers: build/docs/api/index.html
	@tools/install_packages.sh check
	@mkdir -p build/docs && doxygen docs/Doxyfile

format:     ## rewrite every source file in the house format
	@tools/install_packages.sh check
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

clean:      ## remove the build folder
	rm -rf build

.PHONY: help run demo demo-document demo-expense demo-moderation test check lint sim sanitize long fuzz coverage bench docs format clean

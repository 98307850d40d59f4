# The two commands are `make test` and `make run`; CMake and the scripts do the work.
SECONDS = 600

help:
	@echo 'make run                  install what is missing, build both flavours, run the workloads, print the table'
	@echo 'make test                 install what is missing, build and run every test in every mode'
	@echo 'make bench                the figures, one by one, against their goals'
	@echo 'make stress SECONDS=600   the randomised programs, for longer than make test runs them'
	@echo 'make planted              plants faults in a copy of the source, one by one, and demands that tests find each'
	@echo 'make format               format the source files in place'
	@echo 'make tidy                 the static checks alone'
	@echo 'make clean                remove what was built; build/deps and build/report stay'

test:
	@scripts/test.sh

run: release
	@bench/run.sh build/release

bench: release
	@bench/figures.sh build/release

stress: release
	@stress/run.sh build/release $(SECONDS)

planted:
	@scripts/setup.sh
	@tests/planted.sh

release:
	@scripts/setup.sh
	@scripts/build.sh release

format:
	@scripts/format.sh

tidy:
	@scripts/setup.sh
	@scripts/build.sh clang
	@scripts/tidy.sh build/clang

clean:
	@rm -rf build/release build/debug build/clang build/tsan build/asan build/tidy

.PHONY: help test run bench stress planted release format tidy clean

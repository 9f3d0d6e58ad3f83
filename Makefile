# make run     builds Corral and serves two small models with it
# make build   the release build, build/release/corral
# make test    every test and check there is
# make clean   removes the build folder; the built engine and the models stay in the cache
.PHONY: setup build run test clean

preset := $(if $(filter Darwin,$(shell uname)),macos,release)

setup:
	@scripts/setup

build: setup
	cmake --preset $(preset)
	cmake --build build/release

run: build
	@scripts/run-demo

test:
	@scripts/setup test
	@echo "== rooms and layout"
	@scripts/check-rooms
	@scripts/check-format
	@echo "== unit tests, debug build"
	@cmake --preset dev >/dev/null
	@cmake --build build/dev
	@ctest --test-dir build/dev --output-on-failure
	@echo "== unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@cmake --preset asan >/dev/null
	@cmake --build build/asan
	@ctest --test-dir build/asan --output-on-failure

clean:
	rm -rf build

# make build   the release build
# make test    every test and check there is
.PHONY: build test setup clean

setup:
	@scripts/setup

build: setup
	cmake --preset release
	cmake --build build/release

test: setup
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

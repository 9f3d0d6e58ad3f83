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

test: setup
	@scripts/test

clean:
	rm -rf build

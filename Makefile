# make run     builds Corral and serves two small models with it
# make build   the release build, build/release/corral
# make test    every test and check there is
# make chaos   clients ask while engines and Corral itself are killed, KILLS times (1000)
# make soak    swaps and streams for MINUTES (30); what Corral uses must stay flat
# make bench   compares Corral with others, side by side; bench/run says what can be chosen
# make clean   removes the build folder; the built engine and the models stay in the cache
.PHONY: setup build fake run test chaos soak bench clean

preset := $(if $(filter Darwin,$(shell uname)),macos,release)

setup:
	@scripts/setup

build: setup
	cmake --preset $(preset)
	cmake --build build/release

run: build
	@scripts/run-demo

test:
	@scripts/setup tests
	@scripts/test

fake: setup
	cmake --preset dev
	cmake --build build/dev --target fake_engine

KILLS := 1000
chaos: build fake
	@tests/chaos/run chaos.py --kills $(KILLS)

MINUTES := 30
soak: build fake
	@tests/chaos/run soak.py --minutes $(MINUTES)

bench: build
ifeq ($(preset),macos)
	@echo "bench: it measures on Linux alone" && exit 1
endif
	cmake --build build/release --target bench
ifndef ONLY
	cmake --preset release-small
	cmake --build build/release-small
endif
	@bench/run $(if $(ONLY),--only $(ONLY)) $(if $(SUBJECTS),--subjects $(SUBJECTS)) \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(LLAMA_SWAP),--llama-swap $(LLAMA_SWAP))

clean:
	rm -rf build

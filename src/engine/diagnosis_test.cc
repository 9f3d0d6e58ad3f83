#include "engine/diagnosis.h"

#include <doctest/doctest.h>

#include <csignal>

#include "engine/guard.h"
#include "engine/oom_kills.h"

using namespace corral;
using namespace corral::engine;

namespace {

Failure at_start(const char* output, int code = 1) {
  return diagnose(End{.model = "m", .worker = true, .exit = {code, 0}, .output = output});
}

Failure running(io::Exit exit, const char* output = "", bool oom_kills = false) {
  return diagnose(
      End{.model = "m", .was_ready = true, .exit = exit, .output = output, .oom_kills = oom_kills});
}

}  // namespace

TEST_CASE("an exit is told by its code, a death by its signal") {
  CHECK(describe(io::Exit{3, 0}) == "exited with status 3");
  CHECK(describe(io::Exit{0, SIGKILL}) == "was killed by SIGKILL");
  CHECK(describe(io::Exit{0, 63}) == "was killed by signal 63");
}

TEST_CASE("what llama-server says when its start fails is understood") {
  // As it said it, with the timestamps of its log.
  Failure failure = at_start(
      "0.00.005.484 I srv    load_model: loading model 'arch.gguf'\n"
      "0.00.006.664 E llama_model_load: error loading model: unknown model architecture: 'xlama'\n"
      "0.00.007.564 E llama_model_load_from_file_impl: failed to load model\n"
      "0.00.008.283 E srv  llama_server: exiting due to model loading error\n");
  CHECK(failure.cause == Cause::kUnsupportedModel);
  CHECK(failure.message ==
        "the engine of 'm' does not know this kind of model (llama_model_load: error loading "
        "model: unknown model architecture: 'xlama') and exited with status 1, before it was "
        "ready");
  CHECK_FALSE(failure.hint.empty());

  failure = at_start(
      "0.00.014.480 E llama_model_load: error loading model: check_tensor_dims: tensor "
      "'blk.0.attn_q.weight' not found\n"
      "0.00.015.034 E srv  llama_server: exiting due to model loading error\n");
  CHECK(failure.cause == Cause::kBadFile);
  CHECK(failure.message.find("'blk.0.attn_q.weight' not found)") != std::string::npos);

  failure = at_start(
      "gguf_init_from_file: failed to open GGUF file 'x.gguf' (No such file or directory)\n"
      "0.00.007.564 E llama_model_load_from_file_impl: failed to load model\n");
  CHECK(failure.cause == Cause::kMissingFile);

  failure = at_start(
      "0.00.002.839 E srv         start: couldn't bind HTTP server socket, hostname: 127.0.0.1, "
      "port: 9778\n"
      "0.00.002.915 E srv  llama_server: exiting due to HTTP server error\n");
  CHECK(failure.cause == Cause::kPortTaken);

  CHECK(at_start("error: invalid argument: --nope\n").cause == Cause::kBadArguments);
  CHECK(at_start("error while handling argument \"--ctx-size\": stoi\n\nusage:\n").cause ==
        Cause::kBadArguments);
}

TEST_CASE("memory that is short is told from the model that cannot be loaded for want of it") {
  Failure failure = at_start(
      "0.00.199.057 E ggml_aligned_malloc: insufficient memory (attempted to allocate 3906.50 MB)\n"
      "0.00.203.484 E llama_init_from_model: failed to initialize the context: failed to allocate "
      "buffer for kv cache\n"
      "0.00.203.639 E srv    load_model: failed to create_context with model 'm.gguf'\n"
      "0.00.204.147 E srv  llama_server: exiting due to model loading error\n");
  CHECK(failure.cause == Cause::kOutOfMemory);
  CHECK(failure.message.find("(attempted to allocate 3906.50 MB)") != std::string::npos);
  CHECK(failure.hint.find("ctx") != std::string::npos);

  failure = at_start(
      "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: cudaMalloc "
      "failed: out of memory\n"
      "alloc_tensor_range: failed to allocate CUDA0 buffer of size 8589934592\n"
      "llama_model_load: error loading model: unable to allocate CUDA0 buffer\n");
  CHECK(failure.cause == Cause::kGpuOutOfMemory);
  CHECK(failure.hint.find("gpuLayers") != std::string::npos);

  // What the tiny model does with too little address space.
  failure = diagnose(End{.model = "m",
                         .worker = true,
                         .exit = {0, SIGABRT},
                         .output = "0.00.010.735 E ggml_aligned_malloc: insufficient memory "
                                   "(attempted to allocate  19.73 MB)\n"
                                   "llama.cpp/ggml/src/ggml.c:1644: GGML_ASSERT(ctx->mem_buffer != "
                                   "NULL) failed\n"});
  CHECK(failure.cause == Cause::kOutOfMemory);
  CHECK(running({0, SIGABRT},
                "terminate called after throwing an instance of "
                "'std::bad_alloc'\n")
            .cause == Cause::kOutOfMemory);
}

TEST_CASE("memory that a limit refuses is told from a fault and from too few threads") {
  const std::string refused =
      "terminate called after throwing an instance of 'std::system_error'\n"
      "  what():  Resource temporarily unavailable\n";
  End end{.model = "m", .exit = {.code = 0, .signal = SIGABRT}, .output = refused};
  CHECK(diagnose(end).cause == Cause::kNoResources);
  end.memory_limited = true;
  CHECK(diagnose(end).cause == Cause::kOutOfMemory);
  end.output = "ggml.c:1644: GGML_ASSERT(ctx->mem_buffer != NULL) failed\n";
  CHECK(diagnose(end).cause == Cause::kOutOfMemory);
}

TEST_CASE("what other programs say when they cannot start is understood") {
  CHECK(at_start("llama-server: error while loading shared libraries: libcudart.so.12: cannot open "
                 "shared object file: No such file or directory\n",
                 127)
            .cause == Cause::kMissingLibrary);
  CHECK(at_start("dyld[4711]: Library not loaded: @rpath/libllama.dylib\n").cause ==
        Cause::kMissingLibrary);
  CHECK(at_start("ModuleNotFoundError: No module named 'vllm'\n").cause == Cause::kMissingLibrary);
  CHECK(at_start("vllm: error: unrecognized arguments: --x\n", 2).cause == Cause::kBadArguments);
  CHECK(at_start("llama_model_load: error loading model: unable to allocate CPU buffer\n").cause ==
        Cause::kOutOfMemory);
  CHECK(at_start("llama_model_load: error loading model: unable to allocate Vulkan0 buffer\n")
            .cause == Cause::kGpuOutOfMemory);
  CHECK(at_start("ggml_metal_buffer_init: error: failed to allocate buffer, size =  8192.00 MiB\n")
            .cause == Cause::kGpuOutOfMemory);
  CHECK(at_start("OSError: [Errno 98] Address already in use\n").cause == Cause::kPortTaken);
  CHECK(at_start("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n").cause ==
        Cause::kGpuOutOfMemory);
}

TEST_CASE("a command that could not be executed is told from one that ended") {
  const Failure failure = diagnose(
      End{.model = "m", .exit = {kCannotExecute, 0}, .output = "corral guard: cannot run 'x'\n"});
  CHECK(failure.cause == Cause::kNotExecutable);
  CHECK(failure.message == "the engine of 'm' could not be started");
  CHECK(running({kCannotExecute, 0}).cause == Cause::kExited);
}

TEST_CASE("a signal from outside is told from a fault of the engine's own") {
  CHECK(running({0, SIGKILL}).cause == Cause::kKilled);
  CHECK(running({0, SIGTERM}).cause == Cause::kKilled);
  CHECK(running({0, SIGSEGV}).cause == Cause::kCrashed);
  CHECK(running({0, SIGBUS}).hint.find("file") != std::string::npos);
  CHECK(running({0, SIGILL}).cause == Cause::kUnsupportedCpu);
  CHECK(running({0, SIGABRT}).cause == Cause::kAssertion);
  CHECK(running({0, SIGABRT}, "ggml.c:1: GGML_ASSERT(a == b) failed\n")
            .message.find("(ggml.c:1: GGML_ASSERT(a == b) failed)") != std::string::npos);
  CHECK(running({0, 0}).cause == Cause::kExited);
}

TEST_CASE("a kill while the system killed for want of memory is taken for one of these") {
  CHECK(running({0, SIGKILL}, "", true).cause == Cause::kOutOfMemory);
  CHECK(running({0, SIGTERM}, "", true).cause == Cause::kKilled);
  CHECK(parse_oom_kills("pgfault 17\noom_kill 3\nnuma_hit 4\n") == 3);
  CHECK(parse_oom_kills("pgfault 17\n") == 0);
  CHECK(parse_oom_kills("") == 0);
}

TEST_CASE("a kill for want of memory is remembered until the process that it met has ended") {
  const Instant start{};
  RecentOomKills kills(3);
  kills.see(3, start + seconds(1));
  CHECK_FALSE(kills.any(start + seconds(1)));
  kills.see(4, start + seconds(2));
  kills.see(4, start + seconds(3));
  CHECK(kills.any(start + seconds(3)));
  CHECK(kills.any(start + seconds(12)));
  CHECK_FALSE(kills.any(start + seconds(13)));
  // The system counts anew after a start of its own alone; less is no kill.
  kills.see(0, start + seconds(14));
  CHECK_FALSE(kills.any(start + seconds(14)));
}

TEST_CASE("words that a client may have sent through a running engine explain nothing") {
  const char* logged =
      "request: what does 'error: invalid argument' mean? and Address already in use, and "
      "GGML_ASSERT?\n";
  CHECK(running({3, 0}, logged).cause == Cause::kExited);
  CHECK(running({0, SIGKILL}, logged).cause == Cause::kKilled);
  CHECK(running({0, SIGSEGV}, "error: invalid argument: --x\n").cause == Cause::kCrashed);
}

TEST_CASE("memory explains an assertion only if it was short just before it") {
  const std::string asked = "request: why do I get CUDA error: out of memory?\n";
  const std::string talk = "1\n2\n3\n4\n5\n6\n";
  const std::string assertion = "ggml.c:1644: GGML_ASSERT(n_tokens > 0) failed\n";
  CHECK(running({0, SIGABRT}, (asked + talk + assertion).c_str()).cause == Cause::kAssertion);
  CHECK(running({0, SIGABRT}, (asked + assertion + talk).c_str()).cause == Cause::kGpuOutOfMemory);
  CHECK(running({0, SIGABRT}, (assertion + talk + asked).c_str()).cause == Cause::kGpuOutOfMemory);
  // Without one there is nothing better.
  CHECK(running({0, SIGABRT}, (asked + talk).c_str()).cause == Cause::kGpuOutOfMemory);
}

TEST_CASE("the line in a diagnosis is short and plain, and the last lines come with it") {
  const std::string line = "\x1b[31merror: invalid argument: " + std::string(5000, 'x') + "\x1b[0m";
  const Failure failure = at_start(line.c_str());
  CHECK(failure.message.size() < 500);
  CHECK(failure.message.find('\x1b') == std::string::npos);
  CHECK(failure.output.starts_with("error: invalid argument: xxx"));
}

#include "io/helper.h"

#include <pthread.h>
#include <uv.h>

#include <csignal>

namespace corral::io {
namespace {

// Shared by the waiting coroutine and the loop; the later of the two to let go deletes it.
struct Job {
  uv_async_t done{};
  Helper helper{};
  Loop& loop;
  std::function<void()> work;
  Waiter* waiter = nullptr;
  bool over = false;

  static void* run(void* self) {
    Job* job = static_cast<Job*>(self);
    job->work();
    uv_async_send(&job->done);
    return nullptr;
  }
  static void on_done(uv_async_t* handle) {
    Job* job = static_cast<Job*>(handle->data);
    pthread_join(job->helper.thread, nullptr);
    job->helper.unlink();
    uv_close(reinterpret_cast<uv_handle_t*>(handle), &Job::on_close);
  }
  static void on_close(uv_handle_t* handle) {
    Job* job = static_cast<Job*>(handle->data);
    job->over = true;
    if (job->waiter == nullptr) {
      delete job;
    } else {
      job->loop.wake(*job->waiter);
    }
  }
};

struct JobAwaiter {
  Job* job;
  Waiter waiter;

  explicit JobAwaiter(Job* j) : job(j) { job->waiter = &waiter; }
  JobAwaiter(const JobAwaiter&) = delete;
  JobAwaiter& operator=(const JobAwaiter&) = delete;
  ~JobAwaiter() {
    job->waiter = nullptr;
    if (job->over) delete job;
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiter.handle = handle; }
  void await_resume() const noexcept {}
};

// Signals are the loop thread's. False if the system has no thread for us.
bool start_thread(Job& job) {
  constexpr std::size_t kStack = 512 * 1024;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&job.helper.thread, &attributes, &Job::run, &job) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (started) job.loop.add(job.helper);
  return started;
}

}  // namespace

// libuv's own pool is of no use here: it ends the program when it cannot make its threads.
Task<void> on_helper(Loop& loop, std::function<void()> work) {
  Job* job = new Job{.loop = loop, .work = std::move(work)};
  job->done.data = job;
  JobAwaiter awaiter(job);
  CHECK(uv_async_init(loop.uv(), &job->done, &Job::on_done) == 0);
  if (!start_thread(*job)) {
    job->work();
    uv_close(reinterpret_cast<uv_handle_t*>(&job->done), &Job::on_close);
  }
  co_await awaiter;
}

}  // namespace corral::io

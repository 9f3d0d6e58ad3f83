#include "io/helper.h"

#include <uv.h>

namespace corral::io {
namespace {

// Shared by the waiting coroutine and libuv; the later of the two to let go deletes it.
struct Job {
  uv_work_t request{};
  Loop& loop;
  std::function<void()> work;
  Waiter* waiter = nullptr;
  bool over = false;

  static void on_work(uv_work_t* request) { static_cast<Job*>(request->data)->work(); }
  static void on_done(uv_work_t* request, int) {
    Job* job = static_cast<Job*>(request->data);
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

}  // namespace

Task<void> on_helper(Loop& loop, std::function<void()> work) {
  Job* job = new Job{.loop = loop, .work = std::move(work)};
  job->request.data = job;
  JobAwaiter awaiter(job);
  CHECK(uv_queue_work(loop.uv(), &job->request, &Job::on_work, &Job::on_done) == 0);
  co_await awaiter;
}

}  // namespace corral::io

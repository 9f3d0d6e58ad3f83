#include "cli/service_work.h"

#include <algorithm>
#include <cstdio>

#include "cli/commands.h"

namespace corral::cli {
namespace {

io::Task<void> with_service(io::Loop& loop, const Options& options, ServiceWork work, int& status) {
  Result<ServiceClient> service = co_await ServiceClient::find(loop, options.url);
  if (!service.has_value()) {
    status = failed(service.error());
    co_return;
  }
  const Result<void> done = co_await work(*service, options);
  if (!done.has_value()) status = failed(done.error());
}

}  // namespace

int run_work(const Options& options, ServiceWork work) {
  int status = 0;
  io::Loop loop;
  loop.run(with_service(loop, options, work, status));
  return status;
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - row[i].size() + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace corral::cli

#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/checkpoint.hpp"

namespace stagefunnel {

void run_tasks(std::size_t n_tasks, unsigned threads, TaskRef work) {
    const std::size_t n_workers = std::min<std::size_t>(std::max(threads, 1U), n_tasks);
    if (n_workers <= 1) {
        for (std::size_t task = 0; task < n_tasks; ++task) {
            checkpoint();
            work(task, 0);
        }
        return;
    }
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stopped{false};
    std::exception_ptr error;
    std::mutex error_lock;
    const auto run = [&](std::size_t worker) {
        const StopsWith flag(stopped);
        std::size_t task = 0;
        try {
            // A task that has begun may be waited for by others, so a checkpoint comes before one is taken.
            for (checkpoint(); (task = next++) < n_tasks; checkpoint()) work(task, worker);
        } catch (...) {
            const std::scoped_lock lock(error_lock);
            if (!error) error = std::current_exception();
            stopped = true;
        }
    };
    {
        std::vector<std::jthread> workers;
        workers.reserve(n_workers - 1);
        for (std::size_t i = 1; i < n_workers; ++i) workers.emplace_back(run, i);
        run(0);
    }
    if (error) std::rethrow_exception(error);
}

}  // namespace stagefunnel

#pragma once

// Sharing work between threads. Internal to the core.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace stagefunnel {

/// Calls `work(task)`, or `work(task, worker)`, for every task below `n_tasks`, on up to `threads` threads;
/// tasks are begun in rising order. Rethrows the first error.
template <class Work>
void parallel_tasks(std::size_t n_tasks, unsigned threads, Work&& work) {
    const auto call = [&](std::size_t task, std::size_t worker) {
        if constexpr (std::is_invocable_v<Work, std::size_t, std::size_t>) {
            work(task, worker);
        } else {
            static_cast<void>(worker);
            work(task);
        }
    };
    const std::size_t n_workers = std::min<std::size_t>(std::max(threads, 1U), n_tasks);
    if (n_workers <= 1) {
        for (std::size_t task = 0; task < n_tasks; ++task) call(task, 0);
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr error;
    std::mutex error_lock;
    const auto run = [&](std::size_t worker) {
        for (std::size_t task = next++; task < n_tasks; task = next++) {
            try {
                call(task, worker);
            } catch (...) {
                const std::scoped_lock lock(error_lock);
                if (!error) error = std::current_exception();
                next = n_tasks;
            }
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

/// Splits [0, n) into one range per thread and asks `part(begin, end)` of each; answers in order.
template <class Part>
auto parallel_parts(std::size_t n, unsigned threads, Part&& part) {
    constexpr std::size_t kWorthAThread = 1U << 14U;
    const std::size_t n_parts = std::clamp<std::size_t>(n / kWorthAThread, 1, std::max(threads, 1U));
    std::vector<std::optional<decltype(part(n, n))>> answers(n_parts);
    parallel_tasks(n_parts, threads,
                   [&](std::size_t p) { answers[p].emplace(part(n * p / n_parts, n * (p + 1) / n_parts)); });
    std::vector<decltype(part(n, n))> partials;
    partials.reserve(n_parts);
    for (auto& answer : answers) partials.push_back(std::move(*answer));
    return partials;
}

/// The same, merged into one.
template <class Part>
auto parallel_merge(std::size_t n, unsigned threads, Part&& part) {
    auto partials = parallel_parts(n, threads, part);
    for (std::size_t p = 1; p < partials.size(); ++p) partials[0].merge(partials[p]);
    return std::move(partials[0]);
}

}  // namespace stagefunnel

#pragma once

// Sharing work between threads. Internal to the core.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace stagefunnel {

/// A reference to something that is called as `work(task, worker)`. It holds no copy, so the callable
/// outlives it.
class TaskRef {
  public:
    template <class Work>
    explicit TaskRef(Work& work)
        : work_(std::addressof(work)), call_([](void* held, std::size_t task, std::size_t worker) {
              Work& called = *static_cast<Work*>(held);
              if constexpr (std::is_invocable_v<Work&, std::size_t, std::size_t>) {
                  called(task, worker);
              } else {
                  called(task);
              }
          }) {}

    void operator()(std::size_t task, std::size_t worker) const { call_(work_, task, worker); }

  private:
    void* work_;
    void (*call_)(void* work, std::size_t task, std::size_t worker);
};

void run_tasks(std::size_t n_tasks, unsigned threads, TaskRef work);

/// Calls `work(task)`, or `work(task, worker)`, for every task below `n_tasks`, on up to `threads` threads.
/// Tasks begin in rising order. After an error no further task begins, and the first error is rethrown.
/// A task is a share of the rows, so the indirect call costs nothing, and each scan is compiled once: inlined
/// into the loop of every thread it was compiled three times.
template <class Work>
void parallel_tasks(std::size_t n_tasks, unsigned threads, Work&& work) {
    run_tasks(n_tasks, threads, TaskRef(work));
}

/// Returns the number of ranges that [0, n) is split into: one per thread, or fewer if a range would be too
/// short to pay for its thread.
inline std::size_t n_parallel_ranges(std::size_t n, unsigned threads) {
    constexpr std::size_t kWorthAThread = 1U << 14U;
    return std::clamp<std::size_t>(n / kWorthAThread, 1, std::max(threads, 1U));
}

/// Splits [0, n) into ranges and calls `work(begin, end)` for each, on up to `threads` threads.
template <std::invocable<std::size_t, std::size_t> Work>
void parallel_for(std::size_t n, unsigned threads, Work&& work) {
    const std::size_t n_ranges = n_parallel_ranges(n, threads);
    parallel_tasks(n_ranges, threads, [&](std::size_t r) { work(n * r / n_ranges, n * (r + 1) / n_ranges); });
}

/// Splits [0, n) in the same way and returns the values of `part(begin, end)` in the order of the ranges.
template <std::invocable<std::size_t, std::size_t> Part>
auto parallel_parts(std::size_t n, unsigned threads, Part&& part) {
    using Value = std::invoke_result_t<Part&, std::size_t, std::size_t>;
    const std::size_t n_ranges = n_parallel_ranges(n, threads);
    std::vector<std::optional<Value>> parts(n_ranges);
    parallel_tasks(n_ranges, threads,
                   [&](std::size_t r) { parts[r].emplace(part(n * r / n_ranges, n * (r + 1) / n_ranges)); });
    std::vector<Value> values;
    values.reserve(n_ranges);
    for (std::optional<Value>& value : parts) values.push_back(std::move(*value));
    return values;
}

/// Splits [0, n) in the same way and merges the values, in the order of the ranges, into the first one.
template <std::invocable<std::size_t, std::size_t> Part>
auto parallel_merge(std::size_t n, unsigned threads, Part&& part) {
    auto partials = parallel_parts(n, threads, part);
    for (std::size_t p = 1; p < partials.size(); ++p) partials[0].merge(partials[p]);
    return std::move(partials[0]);
}

}  // namespace stagefunnel

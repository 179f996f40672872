#include "base/checkpoint.hpp"

#include <atomic>
#include <chrono>

#include "stagefunnel/base/watch.hpp"

namespace stagefunnel {
namespace {

using Clock = std::chrono::steady_clock;

// A look may have to wait for a lock of the caller's language: five in a second are enough.
constexpr Clock::duration kBetweenLooks = std::chrono::milliseconds(200);

thread_local Watch::Look current_look = nullptr;
thread_local Clock::time_point next_look;
thread_local const std::atomic<bool>* current_flag = nullptr;

}  // namespace

Watch::Watch(Look look) noexcept : before_(current_look) {
    current_look = look;
    next_look = Clock::now() + kBetweenLooks;
}

Watch::~Watch() { current_look = before_; }

StopsWith::StopsWith(const std::atomic<bool>& flag) noexcept : before_(current_flag) { current_flag = &flag; }

StopsWith::~StopsWith() { current_flag = before_; }

void checkpoint() {
    if (current_flag != nullptr && current_flag->load(std::memory_order_relaxed)) throw Stopped{};
    if (current_look == nullptr) return;
    const Clock::time_point now = Clock::now();
    if (now < next_look) return;
    next_look = now + kBetweenLooks;
    current_look();
}

}  // namespace stagefunnel

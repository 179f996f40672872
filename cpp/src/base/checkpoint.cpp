#include "base/checkpoint.hpp"

#include <atomic>

#include "stagefunnel/base/watch.hpp"

namespace stagefunnel {
namespace {

thread_local Watch::Look current_look = nullptr;
thread_local const std::atomic<bool>* current_flag = nullptr;

}  // namespace

Watch::Watch(Look look) noexcept : before_(current_look) { current_look = look; }

Watch::~Watch() { current_look = before_; }

StopsWith::StopsWith(const std::atomic<bool>& flag) noexcept : before_(current_flag) { current_flag = &flag; }

StopsWith::~StopsWith() { current_flag = before_; }

void checkpoint() {
    if (current_flag != nullptr && current_flag->load(std::memory_order_relaxed)) throw Stopped{};
    if (current_look != nullptr) current_look();
}

}  // namespace stagefunnel

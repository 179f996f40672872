#pragma once

namespace stagefunnel {

/// Lets work of the core be stopped: while it lives, what works on this thread calls `look` some thousand
/// times in a second.
///
/// What `look` throws ends the work and reaches the caller; other threads that work for it stop as well.
/// Nothing half made is left behind.
class Watch {
  public:
    using Look = void (*)();

    explicit Watch(Look look) noexcept;
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    Look before_;
};

}  // namespace stagefunnel

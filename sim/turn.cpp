#include "sim/turn.hpp"

namespace holdpoint::sim {

Turn::Turn(std::function<void()> body)
    : thread_([this, body = std::move(body)] {
          {
              std::unique_lock lock(mutex_);
              changed_.wait(lock, [this] { return its_turn_; });
          }
          body();
          const std::lock_guard lock(mutex_);
          over_ = true;
          its_turn_ = false;
          changed_.notify_all();
      }) {}

Turn::~Turn() {
    thread_.join();
}

void Turn::run() {
    std::unique_lock lock(mutex_);
    its_turn_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !its_turn_; });
}

void Turn::give_back() {
    std::unique_lock lock(mutex_);
    its_turn_ = false;
    changed_.notify_all();
    changed_.wait(lock, [this] { return its_turn_; });
}

}  // namespace holdpoint::sim

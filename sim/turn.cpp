#include "sim/turn.hpp"

namespace holdpoint::sim {

Turn::Turn(std::function<void()> body)
    : thread_([this, body = std::move(body)] {
          has_turn_.acquire();
          body();
          over_ = true;
          gave_back_.release();
      }) {}

Turn::~Turn() {
    thread_.join();
}

void Turn::run() {
    has_turn_.release();
    gave_back_.acquire();
}

void Turn::give_back() {
    gave_back_.release();
    has_turn_.acquire();
}

}  // namespace holdpoint::sim

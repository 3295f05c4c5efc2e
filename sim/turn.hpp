// Turn: a body on a thread of its own that runs only while it has the turn, so that of all threads one runs at a time
// and the simulation says which.
//
// A handler blocks while it calls the service. Were it run on the simulation's own stack, invocations could only be
// nested in each other, never interleaved.
#pragma once

#include <functional>
#include <semaphore>
#include <thread>

namespace holdpoint::sim {

class Turn {
public:
    /// `body` starts with the first run(), and must have ended before this is destroyed.
    explicit Turn(std::function<void()> body);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// Gives the turn away; returns when the body has given it back or has ended.
    void run();
    /// The same from inside the body.
    void give_back();
    [[nodiscard]] bool is_over() const { return over_; }

private:
    std::binary_semaphore has_turn_{0};
    std::binary_semaphore gave_back_{0};
    bool over_ = false;  // written by whoever has the turn
    std::thread thread_;
};

}  // namespace holdpoint::sim

// Opening: what requests wait for that come before everything is built.
#pragma once

#include <exception>
#include <future>
#include <stdexcept>
#include <utility>

namespace holdpoint::server {

class Gateway;

/// The gateway, once it is there. When it never will be, whoever waits for it hears so, and does not hold up the end.
class Opening {
public:
    explicit Opening(std::promise<Gateway*>& promise) : promise_(&promise) {}
    ~Opening() {
        if (promise_ == nullptr) return;
        promise_->set_exception(std::make_exception_ptr(std::runtime_error("the server did not start")));
    }
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;
    void done(Gateway* gateway) { std::exchange(promise_, nullptr)->set_value(gateway); }

private:
    std::promise<Gateway*>* promise_;
};

/// What `listen` answers, where there is no Opening yet; when it throws, nobody waits for the gateway any longer.
template <class Listen>
auto or_give_up(std::promise<Gateway*>& promise, const Listen& listen) {
    try {
        return listen();
    } catch (...) {
        promise.set_exception(std::current_exception());
        throw;
    }
}

}  // namespace holdpoint::server

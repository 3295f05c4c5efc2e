#include "engine/invoker.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "engine/code_place.hpp"
#include "engine/function_environment.hpp"
#include "engine/function_process.hpp"
#include "engine/platform_lines.hpp"

namespace holdpoint::engine {

class Invoker::Impl {
public:
    Impl(const Clock& clock, Random& random, store::LogStore& logs, InvokerOptions options, IssueCredentials issue,
         EndCredentials end)
        : clock_(clock),
          random_(random),
          logs_(logs),
          options_(std::move(options)),
          issue_(std::move(issue)),
          end_(std::move(end)),
          processes_(std::make_unique<Processes>(
              clock, logs, [this](ProcessId id, const ProcessEnd& why) { on_end(id, why); }, [this] { on_tick(); },
              std::chrono::milliseconds(500))) {}

    void invoke(Work work) {
        const std::lock_guard lock(mutex_);
        if (draining_ || stopping_) return;
        const std::string key = pool_key(work);
        auto [pool, added] = pools_.try_emplace(key);
        if (added) pool->second.function = work.function;
        if (work.request_id.empty()) work.request_id = random_.uuid();
        pool->second.queue.push_back(std::make_shared<Work>(std::move(work)));
        dispatch(key);
    }

    void log(const functions::Function& function, std::string line) {
        append(function.log_group, stream_name(function, clock_.now(), "server"), {std::move(line)});
    }

    void retire(const std::string& function_name) {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        for (auto& [id, process] : by_id_) {
            if (pools_.at(process->pool).function.name != function_name) continue;
            process->retired = true;
            if (process->state == ProcessState::idle) leave(*process);
        }
    }

    bool drain(std::chrono::milliseconds limit) {
        std::vector<std::deque<std::shared_ptr<Work>>> dropped;  // their callers are answered outside the lock
        std::unique_lock lock(mutex_);
        draining_ = true;
        if (stopping_) return true;
        dropped.reserve(pools_.size());
        for (auto& [key, pool] : pools_) dropped.push_back(std::exchange(pool.queue, {}));
        for (auto& [id, process] : by_id_) {
            process->retired = true;
            if (process->state == ProcessState::idle || process->state == ProcessState::starting) leave(*process);
        }
        return none_busy_.wait_for(lock, limit, [this] {
            return std::ranges::none_of(by_id_,
                                        [](const auto& entry) { return entry.second->state == ProcessState::busy; });
        });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        processes_.reset();  // joins the supervisor; its callbacks find stopping_ set
    }
    InvokerLoad load() const {
        const std::lock_guard lock(mutex_);
        InvokerLoad load;
        for (const auto& [key, pool] : pools_) load.queued += pool.queue.size();
        for (const auto& [id, process] : by_id_) ++load.processes.at(static_cast<std::size_t>(process->state));
        return load;
    }

    std::string process_at(const std::string& address) const {
        const std::lock_guard lock(mutex_);
        const auto at = [&](const auto& entry) { return entry.second->name.address == address; };
        const auto found = std::ranges::find_if(by_id_, at);
        return found == by_id_.end() ? std::string() : found->second->name.secret;
    }

    bool next(const std::string& secret, std::function<void(const NextInvocation&)> answer) {
        const std::lock_guard lock(mutex_);
        FunctionProcess* process = find(secret);
        if (process == nullptr || stopping_ || process->state == ProcessState::leaving) return false;
        if (process->state == ProcessState::busy) {
            if (process->began) return false;
            process->waiting = std::move(answer);  // it asks again while its work is being prepared
            return true;
        }
        process->waiting = std::move(answer);
        if (!process->init) {
            process->init = clock_.monotonic_us() - process->since_us;
            has_no_room_ = false;
            processes_->measure(process->id);
        }
        rest(*process);
        return true;
    }

    bool finish(const std::string& secret, const std::string& request_id, InvocationResult result) {
        const std::lock_guard lock(mutex_);
        FunctionProcess* process = find(secret);
        if (process == nullptr || stopping_) return false;
        if (process->state != ProcessState::busy || !process->began || process->request_id != request_id) return false;
        std::shared_ptr<Work> work = std::exchange(process->work, nullptr);
        Report report = report_of(*process, work->function, clock_.monotonic_us());
        process->request_id.clear();
        process->began = false;
        enter(*process, ProcessState::starting);  // until it asks for the next
        none_busy_.notify_all();
        process->was_invoked = true;
        // What it wrote comes before what it answers.
        processes_->drain(process->id,
                          [this, group = process->log_group, stream = process->log_stream, report = std::move(report),
                           work, result = std::move(result)](long peak_kib, std::string tail) mutable {
                              report.peak_kib = peak_kib;
                              const auto lines = report_lines(report);
                              append(group, stream, lines);
                              result.log_tail = start_line(report.request_id, work->function) + "\n" + std::move(tail);
                              for (const std::string& line : lines) result.log_tail += line + "\n";
                              result.log_tail = log_tail_of(std::move(result.log_tail));
                              work->done(std::move(result));
                          });
        return true;
    }

    bool fail_init(const std::string& secret, wire::ErrorObject error) {
        const std::lock_guard lock(mutex_);
        FunctionProcess* process = find(secret);
        if (process == nullptr || process->state != ProcessState::starting || process->was_invoked) return false;
        process->init_error = std::move(error);
        return true;
    }

    std::optional<functions::Function> function_of(const std::string& secret) const {
        const std::lock_guard lock(mutex_);
        const FunctionProcess* process = find(secret);
        return process == nullptr ? std::nullopt : std::optional(pools_.at(process->pool).function);
    }

    bool next_event(const std::string& secret, const std::string& extension, net::Respond respond) {
        const std::lock_guard lock(mutex_);
        FunctionProcess* process = find(secret);
        return process != nullptr && keep_request(*process, extension, std::move(respond));
    }

private:
    FunctionProcess* find(const std::string& secret) const {
        const auto found = by_secret_.find(secret);
        return found == by_secret_.end() ? nullptr : found->second;
    }

    void enter(FunctionProcess& process, ProcessState state) {
        process.state = state;
        process.since_us = clock_.monotonic_us();
        process.since = std::chrono::floor<Milliseconds>(process.since_us);
    }

    /// The process waits for work: it gets some, or leaves when it is not wanted any more.
    void rest(FunctionProcess& process) {
        enter(process, ProcessState::idle);
        none_busy_.notify_all();
        process.init_error.reset();
        if (process.retired && pools_.at(process.pool).queue.empty()) return leave(process);
        dispatch(process.pool);
    }

    void leave(FunctionProcess& process) {
        // Its request for work stays open: an answer would make it complain before it is gone.
        enter(process, ProcessState::leaving);
        processes_->signal(process.id, SIGTERM);
    }

    /// Gives queued work to idle processes, and starts processes for the rest.
    void dispatch(const std::string& key) {
        Pool& pool = pools_.at(key);
        std::size_t starting = 0;
        std::size_t alive = 0;
        for (auto& [id, process] : by_id_) {
            if (process->pool != key || process->state == ProcessState::leaving) continue;
            ++alive;
            if (process->state == ProcessState::starting) ++starting;
            if (process->state == ProcessState::idle && process->waiting && !pool.queue.empty())
                hand_over(pool, *process);
        }
        while (pool.queue.size() > starting && alive < options_.processes_max && !starts_again_) {
            start(key, pool.function);
            ++starting;
            ++alive;
        }
    }

    void hand_over(Pool& pool, FunctionProcess& process) {
        process.work = std::move(pool.queue.front());
        pool.queue.pop_front();
        process.request_id = process.work->request_id;
        process.began = false;
        process.timed_out = false;
        enter(process, ProcessState::busy);
        // `begin` may ask the writer; the answer comes back on its thread.
        process.work->begin(process.request_id, [this, id = process.id,
                                                 request_id = process.request_id](std::optional<std::string> payload) {
            continue_with(id, request_id, std::move(payload));
        });
    }

    void continue_with(ProcessId id, const std::string& request_id, std::optional<std::string> payload) {
        std::function<void(const NextInvocation&)> answer;
        NextInvocation invocation;
        {
            const std::lock_guard lock(mutex_);
            const auto found = by_id_.find(id);
            if (stopping_ || found == by_id_.end() || found->second->request_id != request_id) return;
            FunctionProcess& process = *found->second;
            if (!payload) {  // nothing to do any more: the process waits on
                process.work.reset();
                process.request_id.clear();
                return rest(process);
            }
            const functions::Function& function = process.work->function;
            process.began = true;
            answer = std::exchange(process.waiting, nullptr);
            invocation = {.request_id = request_id,
                          .deadline = clock_.now() + std::chrono::seconds(function.timeout_seconds),
                          .invoked_arn = process.work->invoked_arn,
                          .trace_header = process.work->trace_header,
                          .client_context = process.work->client_context,
                          .tenant_id = process.work->tenant_id,
                          .payload = std::move(*payload)};
            enter(process, ProcessState::busy);
            append(process.log_group, process.log_stream, {start_line(request_id, function)});
        }
        if (answer) answer(invocation);
    }

    void start(const std::string& key, const functions::Function& function) {
        auto process = std::make_unique<FunctionProcess>();
        process->name = name_process(random_, by_id_);
        process->pool = key;
        enter(*process, ProcessState::starting);
        const auto credentials = issue_(function);
        process->access_key_id = credentials.access_key_id;
        ProcessSpec spec;
        const CodePlace place = code_place(function, options_.code_folder, options_.working_folder);
        spec.executable = place.executable;
        spec.argument0 = place.argument0;
        spec.log_group = function.log_group;
        spec.log_stream = stream_name(function, clock_.now(), to_hex(random_.bytes(16)));
        spec.working_directory = place.folder;
        if (options_.limits_memory) spec.memory_mb = function.memory_mb;
        make_group(spec.log_group);
        process->log_group = spec.log_group;
        process->log_stream = spec.log_stream;
        spec.environment = function_environment(function, options_, credentials, place, spec, process->name);
        process->id = processes_->start(std::move(spec));
        by_secret_[process->name.secret] = process.get();
        by_id_[process->id] = std::move(process);
    }

    /// Without its log a function runs all the same.
    void make_group(const std::string& name) {
        try {
            logs_.create_group(name, clock_.now());
        } catch (const std::exception& error) {
            log::write(log::Level::error, "a log group could not be made", {{"group", name}, {"why", error.what()}});
        }
    }

    void append(const std::string& group, const std::string& stream, std::vector<std::string> lines) {
        const TimePoint now = clock_.now();
        std::vector<store::LogEvent> events;
        events.reserve(lines.size());
        for (std::string& line : lines) {
            events.push_back({.id = 0, .stream = stream, .at = now, .ingested_at = now, .message = std::move(line)});
        }
        logs_.append(group, stream, std::move(events));
    }

    /// A process ended; on the supervisor's thread. What it was working on failed.
    void on_end(ProcessId id, const ProcessEnd& why) {
        std::shared_ptr<Work> lost;
        std::string request_id;
        bool began = false;
        wire::ErrorObject error;
        std::string log_tail;
        {
            const std::lock_guard lock(mutex_);
            const auto found = by_id_.find(id);
            if (found == by_id_.end() || stopping_) return;
            FunctionProcess& process = *found->second;
            if (!why.problem.empty()) return put_off(process, why.problem);
            Pool& pool = pools_.at(process.pool);
            lost = process.work;
            began = process.began;
            // It never asked for work: the first in the queue pays for it, or a broken executable would start for ever.
            if (!lost && process.state == ProcessState::starting && !process.was_invoked && !pool.queue.empty()) {
                lost = std::move(pool.queue.front());
                pool.queue.pop_front();
                process.request_id = lost->request_id;
            }
            request_id = process.request_id;
            error = error_of(process, pool.function, why);
            if (began) {
                log_tail = log_crash(process, pool.function, error, why);
            } else if (lost) {
                log_tail = log_tail_of(why.tail + error.message.value_or("") + "\n");
                append(process.log_group, process.log_stream, {error.message.value_or("")});
            }
            const std::string key = process.pool;
            forget(process);
            dispatch(key);
            forget_if_unused(key);
        }
        if (!lost) return;
        InvocationResult result{.body = {}, .error = std::move(error), .log_tail = std::move(log_tail)};
        if (began) return lost->done(std::move(result));
        lost->begin(request_id, [lost, result = std::move(result)](const std::optional<std::string>& payload) {
            if (payload) lost->done(result);
        });
    }

    /// Answers what it logged, with the line that the invocation began with.
    std::string log_crash(const FunctionProcess& process, const functions::Function& function,
                          const wire::ErrorObject& error, const ProcessEnd& why) {
        std::vector<std::string> lines = {error.message.value_or("")};
        Report report = report_of(process, function, clock_.monotonic_us());
        report.peak_kib = why.peak_kib;
        report.status = process.timed_out ? "timeout" : "error";
        for (auto& line : report_lines(report)) lines.push_back(std::move(line));
        std::string tail = log_tail_of(
            fmt::format("{}\n{}{}\n", start_line(process.request_id, function), why.tail, fmt::join(lines, "\n")));
        append(process.log_group, process.log_stream, std::move(lines));
        return tail;
    }

    void forget(const FunctionProcess& process) {
        end_(process.access_key_id);
        by_secret_.erase(process.name.secret);
        by_id_.erase(process.id);
        none_busy_.notify_all();
    }

    /// The machine had no room for it. Its function did nothing wrong, so what waits for a process goes on waiting.
    void put_off(const FunctionProcess& process, const std::string& problem) {
        const std::string key = process.pool;
        if (!std::exchange(has_no_room_, true)) {
            log::write(log::Level::error, "no process of a function can be started, so invocations wait",
                       {{"function", pools_.at(key).function.name}, {"why", problem}});
        }
        starts_again_ = clock_.monotonic() + kNextStart;
        forget(process);
        forget_if_unused(key);
    }

    void forget_if_unused(const std::string& key) {
        const Pool& pool = pools_.at(key);
        if (!pool.queue.empty()) return;
        for (const auto& [id, process] : by_id_)
            if (process->pool == key) return;
        pools_.erase(key);
    }

    void on_tick() {
        std::vector<std::shared_ptr<Work>> refused;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            const Milliseconds now = clock_.monotonic();
            if (starts_again_ && *starts_again_ <= now) {
                starts_again_.reset();
                for (const auto& [key, pool] : pools_) dispatch(key);
            }
            std::map<std::string, std::size_t> starting;
            for (auto& [id, process] : by_id_) {
                watch(*process, now);
                if (process->state == ProcessState::starting && !process->was_invoked) ++starting[process->pool];
            }
            for (auto& [key, pool] : pools_) {
                std::ranges::move(take_late(pool, starting[key], now), std::back_inserter(refused));
            }
        }
        for (const auto& work : refused) {
            work->done({.body = {}, .error = make_error("TooManyRequestsException", "Rate Exceeded."), .log_tail = {}});
        }
    }

    void watch(FunctionProcess& process, Milliseconds now) {
        const functions::Function& function = pools_.at(process.pool).function;
        const Milliseconds there = now - process.since;
        const std::chrono::seconds timeout(function.timeout_seconds);
        // What is slow to start has as long as an invocation may take. (Lambda developer guide, "Understanding the
        // Lambda execution environment lifecycle": a start of more than ten seconds is tried again with the function's
        // timeout)
        const std::chrono::seconds init_limit = std::max(options_.init_limit, timeout);
        if (process.state == ProcessState::busy && process.began && there > timeout) {
            process.timed_out = true;
            processes_->signal(process.id, SIGKILL);
        } else if ((process.state == ProcessState::idle && there > options_.idle_limit) ||
                   (process.state == ProcessState::starting && process.was_invoked && there > options_.init_limit)) {
            leave(process);  // the second answered and asks for no more: it gets none, and nothing is lost
        } else if (process.state == ProcessState::starting && there > init_limit) {
            if (!process.init_error) {
                process.init_error =
                    make_error("Sandbox.Timedout",
                               fmt::format("The function did not ask for work within {} seconds after its start.",
                                           init_limit.count()));
            }
            processes_->signal(process.id, SIGKILL);
        } else if (process.state == ProcessState::leaving && there > std::chrono::seconds(5)) {
            processes_->signal(process.id, SIGKILL);
        }
    }

    static constexpr std::chrono::seconds kNextStart{1};  // after one that the machine had no room for

    const Clock& clock_;
    Random& random_;
    store::LogStore& logs_;
    InvokerOptions options_;
    IssueCredentials issue_;
    EndCredentials end_;
    mutable std::recursive_mutex mutex_;
    std::map<std::string, Pool> pools_;
    FunctionProcesses by_id_;
    std::map<std::string, FunctionProcess*> by_secret_;
    std::condition_variable_any none_busy_;
    std::optional<Milliseconds> starts_again_;  // monotonic: no process is started before
    bool has_no_room_ = false;                  // since the last start that succeeded; was said
    bool draining_ = false;
    bool stopping_ = false;
    std::unique_ptr<Processes> processes_;
};

Invoker::Invoker(const Clock& clock, Random& random, store::LogStore& logs, InvokerOptions options,
                 IssueCredentials issue, EndCredentials end)
    : impl_(std::make_unique<Impl>(clock, random, logs, std::move(options), std::move(issue), std::move(end))) {}
Invoker::~Invoker() {
    impl_->stop();
}
void Invoker::invoke(Work work) {
    impl_->invoke(std::move(work));
}
void Invoker::log(const functions::Function& function, std::string line) {
    impl_->log(function, std::move(line));
}
void Invoker::retire(const std::string& function_name) {
    impl_->retire(function_name);
}
bool Invoker::drain(std::chrono::milliseconds limit) {
    return impl_->drain(limit);
}
InvokerLoad Invoker::load() const {
    return impl_->load();
}
void Invoker::stop() {
    impl_->stop();
}
std::string Invoker::process_at(const std::string& address) const {
    return impl_->process_at(address);
}
bool Invoker::next(const std::string& process, std::function<void(const NextInvocation&)> answer) {
    return impl_->next(process, std::move(answer));
}
bool Invoker::answer(const std::string& process, const std::string& request_id, std::string body) {
    return impl_->finish(process, request_id, {.body = std::move(body), .error = {}, .log_tail = {}});
}
bool Invoker::fail(const std::string& process, const std::string& request_id, wire::ErrorObject error,
                   std::string body) {
    return impl_->finish(process, request_id, {.body = std::move(body), .error = std::move(error), .log_tail = {}});
}
bool Invoker::fail_init(const std::string& process, wire::ErrorObject error) {
    return impl_->fail_init(process, std::move(error));
}
std::optional<functions::Function> Invoker::function_of(const std::string& process) const {
    return impl_->function_of(process);
}
bool Invoker::next_event(const std::string& process, const std::string& extension, net::Respond respond) {
    return impl_->next_event(process, extension, std::move(respond));
}

}  // namespace holdpoint::engine

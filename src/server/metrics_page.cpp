#include "server/metrics_page.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/backup.hpp"
#include "server/exposition.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::server {

namespace {

namespace fs = std::filesystem;

constexpr double kMicroseconds = 1e-6;
constexpr double kMilliseconds = 1e-3;

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

std::string_view service_label(ServiceId service) {
    return service == ServiceId::stacks ? "holdpoint" : signing_name(service);
}

void add_requests(Exposition& page, const RequestMeters& requests) {
    const auto& names = operation_names();
    page.metric("holdpoint_requests_total", "counter", "Requests that were answered.");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto& counts = requests.of(i).by_status;
        for (std::size_t status = 0; status < counts.size(); ++status) {
            if (counts[status].value() == 0) continue;
            page.sample(
                fmt::format(R"(service="{}",operation="{}",status="{}")", service_label(names[i].service),
                            names[i].name,
                            status < kCountedStatuses.size() ? std::to_string(kCountedStatuses[status]) : "other"),
                number(counts[status].value()));
        }
    }
    page.metric("holdpoint_request_seconds", "histogram", "Time from a request to its answer.");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Histogram& latency = requests.of(i).latency;
        const auto counts = latency.read().counts;
        if (std::ranges::all_of(counts, [](std::uint64_t count) { return count == 0; })) continue;
        page.histogram(fmt::format(R"(service="{}",operation="{}")", service_label(names[i].service), names[i].name),
                       latency, kMicroseconds);
    }
}

void add_executions(Exposition& page, const engine::ExecutionMeters& meters) {
    page.metric("holdpoint_executions_started_total", "counter", "Durable executions that were started.");
    page.sample("", number(meters.started.value()));
    page.metric("holdpoint_executions_ended_total", "counter", "Durable executions that have ended, by how.");
    for (const auto status : {wire::ExecutionStatus::succeeded, wire::ExecutionStatus::failed,
                              wire::ExecutionStatus::timed_out, wire::ExecutionStatus::stopped}) {
        page.sample(fmt::format(R"(status="{}")", wire::to_string(status)),
                    number(meters.ended.at(static_cast<std::size_t>(status)).value()));
    }
    page.metric("holdpoint_executions_forgotten_total", "counter",
                "Ended executions that were erased: their retention was over, or they were deleted.");
    page.sample("", number(meters.forgotten.value()));
    page.metric("holdpoint_executions_in_memory", "gauge",
                "Executions that are kept in memory; the others are read when something happens to them.");
    page.sample("", number(meters.in_memory));
    page.metric("holdpoint_checkpoints_total", "counter", "Checkpoints that were accepted.");
    page.sample("", number(meters.checkpoints.value()));
}

void add_writer(Exposition& page, const engine::Writer& writer) {
    const engine::WriterMeters& meters = writer.meters();
    page.metric("holdpoint_commands_total", "counter", "Commands that the writer decided and committed.");
    page.sample("", number(meters.commands.value()));
    page.metric("holdpoint_commit_seconds", "histogram", "Time until a commit was on disk: writing it and fsync.");
    page.histogram("", meters.commit, kMicroseconds);
    page.metric("holdpoint_commit_batch_commands", "histogram", "Commands that one commit took together.");
    page.histogram("", meters.batch, 1);
    page.metric("holdpoint_writer_queue_depth", "gauge", "Commands that wait for the writer.");
    page.sample("", number(writer.queued()));
}

void add_functions(Exposition& page, const engine::InvokerLoad& load) {
    page.metric("holdpoint_invocations_pending", "gauge", "Invocations that wait for a function process.");
    page.sample("", number(load.queued));
    const auto& [starting, idle, busy, leaving] = load.processes;
    page.metric("holdpoint_invocations_in_flight", "gauge", "Invocations that a function process has.");
    page.sample("", number(busy));
    page.metric("holdpoint_function_processes", "gauge", "Function processes, by what they do.");
    page.sample(R"(state="starting")", number(starting));
    page.sample(R"(state="idle")", number(idle));
    page.sample(R"(state="busy")", number(busy));
    page.sample(R"(state="leaving")", number(leaving));
}

void add_timers_and_deliveries(Exposition& page, const MetricsSources& sources) {
    page.metric("holdpoint_timers_due", "gauge",
                "Deadlines that were due at the last look; 1000 or more means a backlog.");
    page.sample("", number(sources.timers.meters().due));
    page.metric("holdpoint_timer_lateness_seconds", "histogram", "Time between a deadline and what it set off.");
    page.histogram("", sources.timers.meters().lateness, kMilliseconds);
    const engine::DeliveryMeters& deliveries = sources.deliveries.meters();
    page.metric("holdpoint_deliveries_total", "counter",
                "Tries to deliver a notification (SNS), by what came of them.");
    page.sample(R"(result="ok")", number(deliveries.delivered.value()));
    page.sample(R"(result="failed")", number(deliveries.failed.value()));
    page.metric("holdpoint_dead_letters_total", "counter", "Notifications that were given up.");
    page.sample("", number(deliveries.dead.value()));
    page.metric("holdpoint_subscriptions_silent", "gauge",
                "Subscriptions whose endpoint did not answer at all the last time.");
    page.sample("", number(deliveries.silent));
}

/// What waits on disk. The limit is kWaitingCountedMax.
void add_waiting(Exposition& page, const WaitingCounts& waiting) {
    page.metric("holdpoint_timers_pending", "gauge",
                "Executions at rest that have a deadline, or an end of their retention; counted up to 10000.");
    page.sample("", number(waiting.timers));
    page.metric("holdpoint_events_waiting", "gauge",
                "Asynchronous invocations of plain functions that are not done yet; counted up to 10000.");
    page.sample("", number(waiting.events));
    page.metric("holdpoint_deliveries_waiting", "gauge",
                "Notifications that no endpoint has taken yet and that are not given up; counted up to 10000.");
    page.sample(R"(lane="endpoints")", number(waiting.deliveries));
    page.sample(R"(lane="mail")", number(waiting.mails));
}

double size_of(const std::string& path) {
    std::error_code none;
    const auto size = fs::file_size(path, none);
    return none ? 0 : number(size);
}

void add_disk(Exposition& page, const std::string& data) {
    page.metric("holdpoint_store_bytes", "gauge", "Size of the files that hold the state.");
    for (const auto& [label, file] : {std::pair("database", "holdpoint.db"), std::pair("log", "logs.db")}) {
        page.sample(fmt::format(R"(store="{}",file="main")", label), size_of(data + "/" + file));
        page.sample(fmt::format(R"(store="{}",file="wal")", label), size_of(data + "/" + file + "-wal"));
    }
    std::error_code none;
    if (const auto at = fs::last_write_time(last_backup_file(data), none); !none) {
        page.metric("holdpoint_last_backup_timestamp_seconds", "gauge", "When the last backup was whole.");
        page.sample("", std::chrono::duration<double>(std::chrono::file_clock::to_sys(at).time_since_epoch()).count());
    }
    std::error_code problem;
    const auto space = fs::space(data, problem);
    if (problem) return;
    page.metric("holdpoint_disk_free_bytes", "gauge", "Free space where the data folder is.");
    page.sample("", number(space.available));
}

void add_certificate(Exposition& page, const std::optional<TimePoint>& expires) {
    if (!expires) return;
    page.metric("holdpoint_tls_certificate_expires_timestamp_seconds", "gauge",
                "When the certificate that is served ends.");
    page.sample("", std::chrono::duration<double>(expires->time_since_epoch()).count());
}

void add_process(Exposition& page) {
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    page.metric("process_resident_memory_bytes", "gauge", "Memory of the server itself, without its functions.");
    page.sample("", number(resident) * number(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))));
    std::error_code problem;
    std::uint64_t files = 0;
    for (auto entry = fs::directory_iterator("/proc/self/fd", problem); !problem && entry != fs::directory_iterator();
         entry.increment(problem)) {
        ++files;
    }
    if (!problem) {  // not readable where the process is protected from others of its user
        page.metric("process_open_fds", "gauge", "Open files and connections.");
        page.sample("", number(files));
    }
    page.metric("holdpoint_build_info", "gauge", "The program that runs; always 1.");
    page.sample(fmt::format(R"(version="{}",compiler="{}")", HOLDPOINT_VERSION, HOLDPOINT_COMPILER), 1);
}

}  // namespace

std::string metrics_page(const MetricsSources& sources) {
    Exposition page;
    add_requests(page, sources.requests);
    add_executions(page, sources.executions.meters());
    add_writer(page, sources.writer);
    add_functions(page, sources.invoker.load());
    add_timers_and_deliveries(page, sources);
    add_waiting(page, sources.waiting.counts());
    add_disk(page, sources.data);
    add_certificate(page, sources.certificate_expires);
    add_process(page);
    return page.text();
}

}  // namespace holdpoint::server

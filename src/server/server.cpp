#include "server/server.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <future>
#include <stdexcept>

#include "api/cloudformation/cloudformation.hpp"
#include "api/deploy/deploy.hpp"
#include "api/dynamodb/dynamodb.hpp"
#include "api/http_api/http_apis.hpp"
#include "api/lambda/lambda.hpp"
#include "api/logs/logs.hpp"
#include "api/runtime/runtime.hpp"
#include "api/sns/sns.hpp"
#include "api/sts/sts.hpp"
#include "base/log.hpp"
#include "cli/server_file.hpp"
#include "engine/deliveries.hpp"
#include "engine/event_queue.hpp"
#include "engine/executions.hpp"
#include "engine/invoker.hpp"
#include "engine/schedules.hpp"
#include "engine/timers.hpp"
#include "functions/concurrency.hpp"
#include "functions/registry.hpp"
#include "identity/roles.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "server/care_thread.hpp"
#include "server/clock_watch.hpp"
#include "server/data_folder.hpp"
#include "server/gateway.hpp"
#include "server/item_care.hpp"
#include "server/log_care.hpp"
#include "server/mailing.hpp"
#include "server/metrics_page.hpp"
#include "server/opening.hpp"
#include "server/probes.hpp"
#include "server/request_observer.hpp"
#include "server/settings.hpp"
#include "server/waiting.hpp"
#include "store/compact_store.hpp"
#include "store/log_store.hpp"
#include "store/sealed_store.hpp"
#include "store/store.hpp"

namespace holdpoint::server {

namespace {

constexpr std::chrono::seconds kLastAnswers{1};  // for what the clients still get of what was drained
/// A commit that takes longer counts as a failure of the disk: /health says so.
constexpr std::chrono::seconds kCommitPatience{10};

/// Throws BadConfiguration when they do not fit: starting again does not help.
net::TlsFiles tls_files(const Options& options) {
    net::TlsFiles files{.certificate = options.tls_certificate, .key = options.tls_key};
    try {
        (void)net::load_tls(files);
    } catch (const std::runtime_error& problem) {
        throw BadConfiguration(problem.what());
    }
    return files;
}

/// What every listener that takes requests has in common.
net::ServerOptions listener_limits(const Options& options, bool for_functions) {
    return {.threads = options.io_threads,
            .body_bytes_max = kRequestBytesMax,
            .connections_max = options.connections_max,
            .for_functions = for_functions,
            .header_timeout = std::chrono::seconds(options.header_timeout_seconds),
            .body_timeout = std::chrono::seconds(options.body_timeout_seconds),
            .idle_timeout = std::chrono::seconds(options.connection_idle_seconds),
            .body_limit = body_limit,
            .too_large = too_large};
}

}  // namespace

/// Members stand in the order in which they need each other, and are taken down in reverse.
class Server::Impl {
public:
    explicit Impl(const Options& options)
        : folder_(options.data),
          data_(options.data),
          drain_(options.drain_seconds),
          master_key_(options.master_key),
          disk_(store::open_sqlite_store(folder_.file("holdpoint.db"))),
          data_key_(load_or_make_data_key(folder_, master(), options.encrypt_payloads, *disk_)),
          account_key_(load_or_make_credentials(folder_.file("credentials.json"), random_, master())),
          store_(open_store()),
          logs_(open_logs()),
          signer_(signing_key_file(folder_, master()), master()),
          sessions_(random_),
          code_folder_(folder_.folder("code")),
          code_(code_folder_, random_),
          work_folder_(folder_.folder("work")),
          log_care_(clock_, *logs_, options.log_retention_days),
          listener_(listen(options)),
          functions_listener_(or_give_up(gateway_built_, [&] { return listen_for_functions(options); })),
          runtimes_listener_(or_give_up(gateway_built_, [&] { return listen_for_runtimes(options); })),
          metrics_listener_(or_give_up(gateway_built_, [&] { return listen_for_metrics(options); })),
          url_((options.has_tls() ? "https://" : "http://") + address(options)),
          public_url_(options.public_url.empty() ? url_ : options.public_url),
          writer_(clock_, *store_),
          context_{.clock = clock_,
                   .random = random_,
                   .store = *store_,
                   .writer = writer_,
                   .region = options.region,
                   .account = options.account},
          transport_(net::make_transport(net::Trust::everybody_else)),
          timers_(clock_, *store_),
          invoker_(clock_, random_, *logs_, invoker_options(options), issuer(), ender()),
          concurrency_(invoker_),
          executions_(random_, writer_, timers_, concurrency_, options.limits, api::may_send(context_), options.region,
                      options.account),
          events_(
              random_, writer_, concurrency_,
              [this](const functions::Function& function, std::string line) {
                  invoker_.log(function, std::move(line));
              },
              api::may_send(context_), options.region, options.account),
          schedules_(random_, writer_, events_, options.region, options.account),
          deliveries_(clock_, *store_, writer_, *transport_, sender(), invoke_later(),
                      make_mailing(options, *logs_, clock_.now(), mail_cutoff_), delivery_options(options)),
          gateway_(context_, account_key_, sessions_, invoker_, signer_, services(), throttle(options),
                   options.trusted_proxies, [this](Work work) { background_.run(std::move(work)); }) {
        try {
            begin(options);
        } catch (...) {
            take_down();  // commands run already
            throw;
        }
    }

    ~Impl() {
        cli::remove_server_file(data_);
        take_down();
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    std::string reload_tls() { return listener_->reload_tls(); }

private:
    void begin(const Options& options) {
        socket_listener_ = listen_on_socket(options);
        code_.remove_unused(*store_->snapshot());
        reserve_concurrency();
        move_old_outbox(writer_, *logs_);
        executions_.recover();
        schedules_.run_due();
        events_.run_due();
        deliveries_.wake();
        timers_.run([this](std::uint64_t number) { executions_.fire(number); }, [this] { each_second(); });
        waiting_.each_second();  // before anybody asks
        care_ = start_care([this] {
            log_care_.each_second();
            waiting_.each_second();
        });
        opening_.done(&gateway_);
        probes_.ready([this] { return metrics(); }, [this] { return problem(); });
        cli::write_server_file(data_,
                               {.url = url_,
                                .access_key_id = account_key_.access_key_id,
                                .secret_access_key = account_key_.secret_access_key,
                                .region = options.region},
                               master());
    }

    void take_down() {
        probes_.drain();
        timers_.stop();
        deliveries_.stop();
        invoker_.drain(drain_);
        listener_->stop(kLastAnswers);
        if (functions_listener_) functions_listener_->stop(kLastAnswers);
        if (runtimes_listener_) runtimes_listener_->stop(kLastAnswers);
        if (socket_listener_) socket_listener_->stop(kLastAnswers);
        background_.stop();
        invoker_.stop();
        writer_.stop();
        metrics_listener_.reset();
        try {
            logs_->flush();
        } catch (const std::exception& error) {
            log::write(log::Level::error, "the last log lines of functions are lost", {{"why", error.what()}});
        }
    }

    [[nodiscard]] const SealKey* master() const { return master_key_ ? &*master_key_ : nullptr; }

    [[nodiscard]] std::unique_ptr<store::Store> open_store() {
        auto store = std::move(disk_);
        if (data_key_) store = store::make_sealed_store(std::move(store), *data_key_);
        return store::make_compact_store(std::move(store));  // first compact: what is sealed does not get shorter
    }

    [[nodiscard]] std::unique_ptr<store::LogStore> open_logs() const {
        auto logs = store::open_log_store(folder_.file("logs.db"));
        return data_key_ ? store::make_sealed_log_store(std::move(logs), *data_key_) : std::move(logs);
    }

    /// Listens first of all, so that functions can be told where; requests wait until everything is built.
    std::unique_ptr<net::Server> listen(const Options& options) {
        if (auto problem = lack_of_tls(options)) throw BadConfiguration(*problem);
        net::ServerOptions listener = listener_limits(options, false);
        listener.host = options.host;
        listener.port = options.port;
        listener.connections_per_address_max = options.connections_per_address_max;
        if (options.has_tls()) listener.tls = tls_files(options);
        return std::make_unique<net::Server>(listener, handler(options.metrics == "on"));
    }

    /// Nothing when the data folder's path is too long for one.
    [[nodiscard]] std::string socket_path() const {
        std::string path = folder_.file("functions.sock");
        return net::fits_socket(path) ? path : std::string();
    }

    /// Functions speak plain HTTP to the Runtime API, on AWS too, and know no certificate of ours: what TLS or another
    /// machine's address, or one of IPv6, is for everybody else is a loopback port for them. See docs/adr/0003-tls.md.
    std::unique_ptr<net::Server> listen_for_functions(const Options& options) {
        if (!options.has_tls() && !options.host.contains(':') && net::is_loopback(options.host)) return nullptr;
        return std::make_unique<net::Server>(listener_limits(options, true), handler(false));
    }

    /// Where AWS's runtimes come to: each process has an address of its own there, since they know a host and a port,
    /// and no path. Nothing where the system has no means for it. See docs/adr/0005-functions-socket.md.
    std::unique_ptr<net::Server> listen_for_runtimes(const Options& options) {
        net::ServerOptions listener = listener_limits(options, true);
        listener.threads = 1;
        listener.body_bytes_max = net::ServerOptions().body_bytes_max;  // no code comes here, which is what is larger
        listener.body_limit = {};
        listener.every_loopback_address = true;
        try {
            return std::make_unique<net::Server>(
                listener, [this, gateway = gateway_ready_](const net::Request& request, const net::Respond& respond) {
                    (void)gateway.get();  // the invoker is built by then
                    api::handle_runtime_at_address(invoker_, request, respond);
                });
        } catch (const std::runtime_error& error) {
            log::write(log::Level::warn,
                       "functions get the Runtime API's address with a path, which not every runtime takes",
                       {{"why", error.what()}});
            return nullptr;
        }
    }

    /// Where the SDK's functions come to, over less than TCP and signatures. They are who writes most, so its threads
    /// write, too. Others than functions do not wait for their disk. See docs/adr/0005-functions-socket.md.
    std::unique_ptr<net::Server> listen_on_socket(const Options& options) {
        if (socket_path().empty()) return nullptr;
        net::ServerOptions listener = listener_limits(options, true);
        listener.socket_path = socket_path();
        listener.after_round = [this] { return writer_.help(); };
        return std::make_unique<net::Server>(listener, handler(false));
    }

    net::Handler handler(bool with_metrics) {
        return [this, with_metrics, gateway = gateway_ready_](net::Request request, const net::Respond& respond) {
            const bool is_apis = !api::api_id_of(request).empty();  // everything on its host is
            if (auto answer = is_apis ? std::nullopt : probes_.answer(request, with_metrics)) {
                return respond(std::move(*answer));
            }
            const net::Respond counted = observed(request, respond, requests_);
            gateway.get()->handle(std::move(request), counted);
        };
    }

    /// Nothing when metrics have no address of their own.
    std::unique_ptr<net::Server> listen_for_metrics(const Options& options) {
        net::ServerOptions listener;
        if (!read_address(options.metrics, listener.host, listener.port)) return nullptr;
        listener.threads = 1;
        return std::make_unique<net::Server>(listener, [this](const net::Request& request,
                                                              const net::Respond& respond) {
            auto answer = probes_.answer(request, true);
            respond(answer
                        ? std::move(*answer)
                        : net::Response{.status = 404, .headers = {}, .body = "Only /metrics and /health are here.\n"});
        });
    }

    [[nodiscard]] std::string metrics() const {
        return metrics_page({.requests = requests_,
                             .writer = writer_,
                             .timers = timers_,
                             .invoker = invoker_,
                             .executions = executions_,
                             .deliveries = deliveries_,
                             .waiting = waiting_,
                             .data = data_,
                             .certificate_expires = listener_->certificate_expires()});
    }

    /// A disk that refuses a commit ends the server; one that does not answer shows here.
    [[nodiscard]] std::string problem() const {
        const Milliseconds began{writer_.meters().began.load()};
        const Milliseconds took = clock_.monotonic() - began;
        if (began.count() == 0 || took < kCommitPatience) return {};
        return fmt::format("the disk has not finished a commit for {} s", took.count() / 1000);
    }

    [[nodiscard]] std::string address(const Options& options) const {
        const std::string port = std::to_string(listener_->port());
        if (options.host == "0.0.0.0") return net::authority("127.0.0.1", port);
        return net::authority(options.host == "::" ? "::1" : options.host, port);
    }

    [[nodiscard]] engine::InvokerOptions invoker_options(const Options& options) const {
        engine::InvokerOptions invoker;
        invoker.code_folder = code_folder_;
        invoker.working_folder = work_folder_;
        invoker.runtime_address =
            functions_listener_ ? "127.0.0.1:" + std::to_string(functions_listener_->port()) : address(options);
        invoker.endpoint_url = "http://" + invoker.runtime_address;
        invoker.process_port = runtimes_listener_ ? runtimes_listener_->port() : 0;
        invoker.socket_path = socket_path();
        invoker.region = options.region;
        invoker.processes_max = options.function_processes;
        invoker.limits_memory = options.function_memory_limit;
        invoker.idle_limit = std::chrono::seconds(options.function_idle_seconds);
        return invoker;
    }

    [[nodiscard]] std::unique_ptr<Throttle> throttle(const Options& options) const {
        if (options.requests_per_second == 0) return nullptr;
        return std::make_unique<Throttle>(clock_, static_cast<double>(options.requests_per_second));
    }

    engine::Invoker::IssueCredentials issuer() {
        return [this](const functions::Function& function) {
            const auto credentials =
                sessions_.issue(std::string(identity::role_name_of(function.role_arn)), function.name);
            return engine::ProcessCredentials{.access_key_id = credentials.access_key_id,
                                              .secret_access_key = credentials.secret_access_key,
                                              .session_token = credentials.session_token};
        };
    }
    engine::Invoker::EndCredentials ender() {
        return [this](const std::string& access_key_id) { sessions_.end(access_key_id); };
    }

    topics::Sender sender() {
        return {.base_url = public_url_,
                .sign = [this](std::string_view text,
                               topics::SignatureVersion version) { return signer_.sign(text, version); },
                .signing_cert_url = public_url_ + signer_.certificate_path()};
    }

    [[nodiscard]] engine::DeliveryOptions delivery_options(const Options& options) const {
        engine::DeliveryOptions deliveries;
        if (!options.mail_from.empty()) deliveries.mail_from = options.mail_from;
        deliveries.abort = [this] {
            transport_->abort();
            mail_cutoff_->cut();
        };
        return deliveries;
    }

    engine::InvokeLater invoke_later() {
        return [this](const std::string& arn, const std::string& event) -> std::expected<void, std::string> {
            const auto reference = functions::read_reference(arn);
            if (!reference) return std::unexpected(reference.error().message);
            const auto function =
                functions::choose(*store_->snapshot(), *reference, context_.region, context_.account, random_.unit());
            if (!function) return std::unexpected(function.error().message);
            if (auto ok = functions::check_tenant(*function, {}); !ok) return std::unexpected(ok.error().message);
            if (function->durable && reference->qualifier.empty()) {
                return std::unexpected("You cannot invoke a durable function using an unqualified ARN.");
            }
            if (function->durable) {
                executions_.start({.function = *function, .name = {}, .input = event, .trace_header = {}},
                                  [](const Result<engine::Started>&) {}, {});
            } else {
                events_.submit({.function = *reference, .payload = event}, [](const std::string&) {});
            }
            return {};
        };
    }

    void reserve_concurrency() {
        const auto rows = store_->snapshot();
        for (const auto& function : functions::list_functions(*rows, {}, SIZE_MAX)) {
            const auto limit = functions::reserved_concurrency(*rows, function.name);
            if (limit) concurrency_.reserve(function.name, static_cast<std::size_t>(*limit));
        }
    }

    std::map<ServiceId, std::unique_ptr<api::Service>> services() {
        const auto changed = [this](const std::string& name) {
            const auto rows = store_->snapshot();
            const auto all = functions::Reference{.name = name, .qualifier = {}, .account = {}, .region = {}};
            if (!functions::resolve(*rows, all, context_.region, context_.account)) concurrency_.forget(name);
            invoker_.retire(name);
        };
        std::map<ServiceId, std::unique_ptr<api::Service>> services;
        const api::LambdaEngine engine{.executions = executions_,
                                       .invoker = invoker_,
                                       .events = events_,
                                       .code = code_,
                                       .concurrency = concurrency_};
        services[ServiceId::lambda] = api::make_lambda_service(context_, engine);
        auto http_apis = std::make_unique<api::HttpApis>(context_, engine);
        http_apis_ = http_apis.get();
        services[ServiceId::http_api] = std::move(http_apis);
        services[ServiceId::dynamodb] = api::make_dynamodb_service(context_);
        services[ServiceId::sns] = api::make_sns_service(context_, [this] { deliveries_.wake(); });
        services[ServiceId::logs] = api::make_logs_service(context_, *logs_);
        services[ServiceId::cloudformation] = api::make_cloudformation_service(context_, *logs_, changed);
        services[ServiceId::sts] = api::make_sts_service();
        services[ServiceId::stacks] = api::make_deploy_service(
            context_, *logs_, code_,
            {.url = public_url_, .concurrency = &concurrency_, .on_function_changed = changed});
        return services;
    }

    void each_second() {
        schedules_.run_due();
        events_.run_due();
        deliveries_.wake();
        http_apis_->expire();
        clock_watch_.each_second();
        item_care_.each_second();
    }

    SystemClock clock_;
    SystemRandom random_;
    DataFolder folder_;
    std::string data_;
    std::chrono::seconds drain_;  // for invocations under way
    const std::optional<SealKey> master_key_;
    std::unique_ptr<store::Store> disk_;  // until it is `store_`
    const std::optional<SealKey> data_key_;
    identity::Credentials account_key_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<store::LogStore> logs_;
    engine::MessageSigner signer_;
    identity::Sessions sessions_;
    std::string code_folder_;
    api::CodeStore code_;
    std::string work_folder_;
    LogCare log_care_;
    Waiting waiting_{clock_, *store_};
    std::jthread care_;               // of these two
    ClockWatch clock_watch_{clock_};  // of the timers' thread
    Probes probes_;
    RequestMeters requests_;
    std::promise<Gateway*> gateway_built_;
    std::shared_future<Gateway*> gateway_ready_ = gateway_built_.get_future().share();
    std::unique_ptr<net::Server> listener_;
    std::unique_ptr<net::Server> functions_listener_;  // where functions reach it when `listener_` is no place for them
    std::unique_ptr<net::Server> runtimes_listener_;
    std::unique_ptr<net::Server> metrics_listener_;
    std::unique_ptr<net::Server> socket_listener_;  // made last; what stands below keeps its answers
    Opening opening_{gateway_built_};               // is over before the listeners are, whose threads wait for it
    std::string url_;                               // where it listens
    std::string public_url_;                        // in what it gives to others
    engine::Writer writer_;
    ItemCare item_care_{writer_};
    api::Context context_;
    std::unique_ptr<net::Transport> transport_;  // the deliveries'
    const std::shared_ptr<net::Cutoff> mail_cutoff_ = std::make_shared<net::Cutoff>();
    engine::Timers timers_;
    engine::Invoker invoker_;
    engine::Concurrency concurrency_;
    engine::Executions executions_;
    engine::EventQueue events_;
    engine::Schedules schedules_;
    engine::Deliveries deliveries_;
    api::HttpApis* http_apis_ = nullptr;  // the gateway's
    Background background_;               // of the gateway, too
    Gateway gateway_;
};

Server::Server(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Server::~Server() = default;
const std::string& Server::url() const {
    return impl_->url();
}
std::string Server::reload_tls() {
    return impl_->reload_tls();
}

}  // namespace holdpoint::server

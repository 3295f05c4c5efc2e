#include "server/server.hpp"

#include <future>

#include "api/cloudformation/cloudformation.hpp"
#include "api/deploy/deploy.hpp"
#include "api/dynamodb/dynamodb.hpp"
#include "api/lambda/lambda.hpp"
#include "api/logs/logs.hpp"
#include "api/sns/sns.hpp"
#include "api/sts/sts.hpp"
#include "cli/server_file.hpp"
#include "engine/deliveries.hpp"
#include "engine/event_queue.hpp"
#include "engine/executions.hpp"
#include "engine/invoker.hpp"
#include "engine/timers.hpp"
#include "functions/registry.hpp"
#include "identity/roles.hpp"
#include "net/server.hpp"
#include "server/data_folder.hpp"
#include "server/gateway.hpp"
#include "store/log_store.hpp"
#include "store/store.hpp"
#include "tables/operations.hpp"

namespace holdpoint::server {

namespace {

constexpr std::chrono::seconds kDrain{5};        // for invocations under way
constexpr std::chrono::seconds kLastAnswers{1};  // for what the clients still get of them
constexpr std::size_t kExpiredAtOnce = 500;

}  // namespace

/// Members stand in the order in which they need each other, and are taken down in reverse.
class Server::Impl {
public:
    explicit Impl(const Options& options)
        : folder_(options.data),
          data_(options.data),
          account_key_(load_or_make_credentials(folder_.file("credentials.json"), random_)),
          store_(store::open_sqlite_store(folder_.file("holdpoint.db"))),
          logs_(store::open_log_store(folder_.file("logs.db"))),
          signer_(folder_.file("sns-signing.pem")),
          sessions_(random_),
          code_folder_(folder_.folder("code")),
          work_folder_(folder_.folder("work")),
          listener_(listen(options)),
          url_("http://" + address(options)),
          writer_(clock_, *store_),
          context_{.clock = clock_,
                   .random = random_,
                   .store = *store_,
                   .writer = writer_,
                   .region = options.region,
                   .account = options.account},
          transport_(net::make_transport()),
          timers_(clock_, *store_),
          invoker_(clock_, random_, *logs_, invoker_options(options), issuer(), ender()),
          executions_(random_, writer_, timers_, invoker_, options.limits, options.region, options.account),
          events_(random_, writer_, invoker_, options.region, options.account),
          deliveries_(clock_, *store_, writer_, *transport_, sender(), invoke_later()),
          gateway_(context_, account_key_, sessions_, invoker_, signer_, services()) {
        api::remove_unused_code(code_folder_, *store_->snapshot());
        executions_.recover();
        events_.run_due();
        deliveries_.wake();
        timers_.run([this](std::uint64_t number) { executions_.fire(number); }, [this] { each_second(); });
        gateway_ready_.set_value(&gateway_);
        gateway_.set_ready();
        try {
            cli::write_server_file(data_, {.url = url_,
                                           .access_key_id = account_key_.access_key_id,
                                           .secret_access_key = account_key_.secret_access_key,
                                           .region = options.region});
        } catch (...) {
            take_down();  // it serves already
            throw;
        }
    }

    ~Impl() {
        cli::remove_server_file(data_);
        take_down();
    }

    [[nodiscard]] const std::string& url() const { return url_; }

private:
    void take_down() {
        timers_.stop();
        deliveries_.stop();
        invoker_.drain(kDrain);
        listener_->stop(kLastAnswers);
        invoker_.stop();
        writer_.stop();
        logs_->flush();
    }

    /// Listens first of all, so that functions can be told where; requests wait until everything is built.
    std::unique_ptr<net::Server> listen(const Options& options) {
        net::ServerOptions listener;
        listener.host = options.host;
        listener.port = options.port;
        return std::make_unique<net::Server>(listener, [gateway = gateway_ready_.get_future().share()](
                                                           net::Request request, const net::Respond& respond) {
            gateway.get()->handle(std::move(request), respond);
        });
    }

    [[nodiscard]] std::string address(const Options& options) const {
        const std::string host = options.host == "0.0.0.0" ? "127.0.0.1" : options.host;
        return host + ":" + std::to_string(listener_->port());
    }

    [[nodiscard]] engine::InvokerOptions invoker_options(const Options& options) const {
        engine::InvokerOptions invoker;
        invoker.code_folder = code_folder_;
        invoker.working_folder = work_folder_;
        invoker.runtime_address = address(options);
        invoker.endpoint_url = url_;
        invoker.region = options.region;
        return invoker;
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
        return {.base_url = url_,
                .sign = [this](std::string_view text) { return signer_.sign(text); },
                .signing_cert_url = url_ + signer_.certificate_path()};
    }

    engine::InvokeLater invoke_later() {
        return [this](const std::string& arn, const std::string& event) -> std::expected<void, std::string> {
            const auto reference = functions::read_reference(arn);
            if (!reference) return std::unexpected(reference.error().message);
            const auto function =
                functions::resolve(*store_->snapshot(), *reference, context_.region, context_.account);
            if (!function) return std::unexpected(function.error().message);
            if (function->durable) {
                executions_.start({.function = *function, .name = {}, .input = event, .trace_header = {}},
                                  [](const Result<engine::Started>&) {}, {});
            } else {
                events_.submit({.function = *reference, .payload = event}, [](const std::string&) {});
            }
            return {};
        };
    }

    std::map<ServiceId, std::unique_ptr<api::Service>> services() {
        const auto changed = [this](const std::string& name) { invoker_.retire(name); };
        std::map<ServiceId, std::unique_ptr<api::Service>> services;
        services[ServiceId::lambda] =
            api::make_lambda_service(context_, {.executions = executions_, .invoker = invoker_, .events = events_});
        services[ServiceId::dynamodb] = api::make_dynamodb_service(context_);
        services[ServiceId::sns] = api::make_sns_service(context_, [this] { deliveries_.wake(); });
        services[ServiceId::logs] = api::make_logs_service(context_, *logs_);
        services[ServiceId::cloudformation] = api::make_cloudformation_service(context_, *logs_, changed);
        services[ServiceId::sts] = api::make_sts_service();
        services[ServiceId::stacks] =
            api::make_deploy_service(context_, *logs_, {.code_folder = code_folder_, .on_function_changed = changed});
        return services;
    }

    void each_second() {
        events_.run_due();
        deliveries_.wake();
        writer_.submit([](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            if (auto writes = tables::expired(rows, now, kExpiredAtOnce); !writes.empty()) rows.apply(writes);
            return {};
        });
    }

    SystemClock clock_;
    SystemRandom random_;
    DataFolder folder_;
    std::string data_;
    identity::Credentials account_key_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<store::LogStore> logs_;
    engine::MessageSigner signer_;
    identity::Sessions sessions_;
    std::string code_folder_;
    std::string work_folder_;
    std::promise<Gateway*> gateway_ready_;
    std::unique_ptr<net::Server> listener_;
    std::string url_;
    engine::Writer writer_;
    api::Context context_;
    std::unique_ptr<net::Transport> transport_;
    engine::Timers timers_;
    engine::Invoker invoker_;
    engine::Executions executions_;
    engine::EventQueue events_;
    engine::Deliveries deliveries_;
    Gateway gateway_;
};

Server::Server(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Server::~Server() = default;
const std::string& Server::url() const {
    return impl_->url();
}

}  // namespace holdpoint::server

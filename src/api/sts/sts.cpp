#include "api/sts/sts.hpp"

#include <fmt/format.h>

#include "api/query.hpp"
#include "api/respond.hpp"

namespace holdpoint::api {

namespace {

constexpr std::string_view kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

class Sts final : public Service {
public:
    void handle(Call call) override {
        const std::string action = query_parameter(call.request, "Action");
        if (action != "GetCallerIdentity") {
            return call.respond(
                query_error(Error{.name = "InvalidAction",
                                  .http_status = 400,
                                  .message = fmt::format("STS action '{}' is not supported by this server.", action),
                                  .details_json = {}},
                            call.request_id, kNamespace));
        }
        // Everybody may ask who they are, as on AWS.
        const std::string result = xml_element("Arn", call.caller.arn) + xml_element("UserId", call.caller.user_id) +
                                   xml_element("Account", call.caller.account);
        call.respond(query_answer(action, result, call.request_id, kNamespace));
    }
};

}  // namespace

std::unique_ptr<Service> make_sts_service() {
    return std::make_unique<Sts>();
}

}  // namespace holdpoint::api

// HTTP APIs: the routes of templates, answered by functions. Whoever reaches the server may call a route that does not
// say AWS_IAM; nothing but the template's routes can be reached here. (API Gateway developer guide, "HTTP APIs")
#pragma once

#include <memory>

#include "api/lambda/lambda.hpp"
#include "api/service.hpp"

namespace holdpoint::api {

/// The id of the API that a request is for: of `/_apis/<id>/…`, or of the host `<id>.execute-api.…`; empty for none.
[[nodiscard]] std::string_view api_id_of(const net::Request& request);

class HttpApis final : public Service {
public:
    HttpApis(const Context& context, LambdaEngine engine);
    ~HttpApis() override;
    HttpApis(const HttpApis&) = delete;
    HttpApis& operator=(const HttpApis&) = delete;

    /// A caller without an ARN is nobody known.
    void handle(Call call) override;
    /// Answers 503 to those whose function took too long; called about once a second.
    void expire();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdpoint::api

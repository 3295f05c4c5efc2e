// Two functions in one executable: docs/sdk/README.md.
// [main]
#include <cstdlib>
#include <durable/durable.hpp>
#include <iostream>

std::string order(durable::Context& ctx, const std::string& article) {
    return ctx.step("charge", [&] { return "payment of " + article; });
}

int price(durable::LambdaContext&, const std::string& article) {
    return article == "tea" ? 350 : 100;
}

int main() {
    const char* name = std::getenv("AWS_LAMBDA_FUNCTION_NAME");  // set by AWS Lambda and by a Holdpoint server
    const std::string function = name == nullptr ? "" : name;
    if (function == "shop-Order") return durable::run(order);
    if (function == "shop-Price") return durable::run_lambda(price);
    std::cerr << "there is no function '" << function << "' in this executable\n";
    return 1;
}
// [/main]

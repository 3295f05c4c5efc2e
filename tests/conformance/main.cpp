// All conformance functions in one executable; the name that the function was deployed under says which one it is.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "functions.hpp"

int main() {
    constexpr std::string_view kPrefix = "conf-";
    const char* name = std::getenv("AWS_LAMBDA_FUNCTION_NAME");
    std::string_view id = name == nullptr ? "" : name;
    if (id.starts_with(kPrefix)) id.remove_prefix(kPrefix.size());
    using namespace conformance;
    for (const auto& suite : {step_functions, wait_functions, child_functions, callback_functions, invoke_functions,
                              wait_for_condition_functions, wait_for_callback_functions, parallel_functions,
                              map_functions, plugin_functions}) {
        for (const Function& function : suite()) {
            if (function.id == id) return function.serve();
        }
    }
    std::fprintf(stderr, "There is no conformance function '%s'; AWS_LAMBDA_FUNCTION_NAME is conf-<id>.\n", name);
    return 1;
}

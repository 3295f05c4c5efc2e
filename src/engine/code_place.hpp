// Where a function's code lies, and what its process gets to know of it.
#pragma once

#include <string>

#include "functions/function.hpp"

namespace holdpoint::engine {

struct CodePlace {
    std::string executable;
    std::string argument0;
    std::string folder;   // LAMBDA_TASK_ROOT, and the working directory
    std::string handler;  // _HANDLER
};

/// An archive is a folder of its own, with `bootstrap` in it; an executable works in `working_folder`.
[[nodiscard]] inline CodePlace code_place(const functions::Function& function, const std::string& code_folder,
                                          const std::string& working_folder) {
    const std::string path = code_folder + "/" + function.code_sha256;
    if (!function.is_zip()) {
        return {.executable = path,
                .argument0 = function.executable,
                .folder = working_folder,
                .handler = function.executable};
    }
    return {.executable = path + "/" + std::string(functions::kBootstrap),
            .argument0 = path + "/" + std::string(functions::kBootstrap),
            .folder = path,
            .handler = function.handler};
}

}  // namespace holdpoint::engine

// STS: who am I? (AWS API, STS 2011-06-15)
#pragma once

#include <memory>

#include "api/service.hpp"

namespace holdpoint::api {

[[nodiscard]] std::unique_ptr<Service> make_sts_service();

}  // namespace holdpoint::api

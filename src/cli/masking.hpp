// Masking: callback ids are bearer secrets, so nothing these commands print may hold one.
#pragma once

#include <boost/json.hpp>

namespace holdpoint::cli {

inline constexpr std::string_view kMask = "********";

/// Replaces every callback id in `value`: each member named CallbackId or callback_token, and wherever else (a step's
/// result, an input) the same text turns up again, also inside strings.
void mask_callback_ids(boost::json::value& value);

}  // namespace holdpoint::cli

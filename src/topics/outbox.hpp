// The outbox of earlier versions, which kept e-mail among the rows of the store.
#pragma once

#include <vector>

#include "topics/model.hpp"

namespace holdpoint::topics {

/// The oldest mails first, at most `limit`, and the writes that erase them.
[[nodiscard]] Decided<std::vector<OutboxMail>> take_out_of_outbox(const RowReader& rows, std::size_t limit);

}  // namespace holdpoint::topics

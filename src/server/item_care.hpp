// Item care: erases items whose time to live is over, tokens of transactions that are forgotten, and messages that
// nobody took.
#pragma once

#include "engine/writer.hpp"

namespace holdpoint::server {

/// All that are due, in as many commands as that takes, so that others have their turn in between. Called each second.
void erase_expired(engine::Writer& writer);

}  // namespace holdpoint::server

// Item care: erases items whose time to live is over, and tokens of transactions that are forgotten.
#pragma once

#include "engine/writer.hpp"

namespace holdpoint::server {

/// All that are due, in as many commands as that takes, so that others have their turn in between. Called each second.
void expire_items(engine::Writer& writer);

}  // namespace holdpoint::server

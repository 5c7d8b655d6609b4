// The test vectors of the protocol: common/PROTOCOL-VECTORS.json, for those who write a peer.
#pragma once

#include <nlohmann/json.hpp>

namespace mtcp::vectors {

/// All of them, made by the code that the programs use. Fields have the names and the order of PROTOCOL.md. Integers
/// are varints unless their name is one that PROTOCOL.md gives a size of one byte; bytes are in hexadecimal digits.
nlohmann::ordered_json make();

}  // namespace mtcp::vectors

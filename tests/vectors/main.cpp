// Prints the test vectors: build/dev/tests/vectors/protocol_vectors >common/PROTOCOL-VECTORS.json
#include <iostream>

#include "vectors/vectors.hpp"

int main() { std::cout << mtcp::vectors::make().dump(1) << '\n'; }

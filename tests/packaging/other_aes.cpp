// What a program finds under the name of Intel's multi-buffer library on another machine: version 9.8.7, of which
// nothing else may be called.
#include <cstdlib>

extern "C" {
unsigned imb_get_version() { return 0x90807; }
void* alloc_mb_mgr(unsigned long long) { std::abort(); }
void free_mb_mgr(void*) { std::abort(); }
void init_mb_mgr_avx512(void*) { std::abort(); }
int imb_get_errno(void*) { std::abort(); }
}

// For static programs, in place of functions of the C library that would load shared libraries: what fits the C library
// of the machine where a program was built need not fit that of the machine where it runs. The linker leads here what
// the libraries call (--wrap). Nothing of ours comes to call it: names are c-ares', which is given numbers of ports and
// no services, and OpenSSL has all that we use built in.
#include <netdb.h>

#include <cerrno>

extern "C" {

// OpenSSL: modules that a machine's openssl.cnf names.
void* __wrap_dlopen(const char*, int) { return nullptr; }

// Asio, OpenSSL.
int __wrap_getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  errno = ENOSYS;
  return EAI_SYSTEM;
}
int __wrap_getnameinfo(const sockaddr*, socklen_t, char*, socklen_t, char*, socklen_t, int) {
  errno = ENOSYS;
  return EAI_SYSTEM;
}
hostent* __wrap_gethostbyname(const char*) {
  h_errno = NO_RECOVERY;
  return nullptr;
}

// c-ares.
servent* __wrap_getservbyname(const char*, const char*) { return nullptr; }
int __wrap_getservbyport_r(int, const char*, servent*, char*, size_t, servent** found) {
  *found = nullptr;
  return ENOENT;
}

}  // extern "C"

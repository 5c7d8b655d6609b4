# find_package(mtcp): the target mtcp::mtcp.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3.0)
find_dependency(Boost 1.81 CONFIG)
find_dependency(PkgConfig)
pkg_check_modules(CARES REQUIRED QUIET IMPORTED_TARGET libcares)
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/FindIPSecMB.cmake) # it was built with it
  list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
  find_dependency(IPSecMB)
  list(POP_FRONT CMAKE_MODULE_PATH)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/mtcp-targets.cmake)

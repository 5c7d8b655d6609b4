# Programs that need nothing of a system but its kernel: no shared libraries, and nothing that loads them. For any Linux, an
# empty chroot, an image FROM scratch. Debian has archives of most libraries; what it has none of is compiled here.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(PKG_CONFIG_ARGN --static) # with the libraries that the libraries need
# What the C library can do with shared libraries only, the linker warns of. No such thing is let pass.
foreach(function dlopen getaddrinfo getnameinfo gethostbyname getservbyname getservbyport_r)
  target_link_options(mtcp_flags INTERFACE -Wl,--wrap=${function})
endforeach()
target_sources(mtcp_flags INTERFACE
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${CMAKE_CURRENT_LIST_DIR}/program/static_libc.cpp>)
target_link_options(mtcp_flags INTERFACE -Wl,--fatal-warnings $<IF:$<BOOL:${MTCP_HARDEN}>,-static-pie,-static>)

# ---- from source: what `./dev static` has fetched ----
set(MTCP_SOURCES "" CACHE PATH "A folder with the sources of qrencode, spdlog and fmtlib, as Debian calls them")
if(NOT EXISTS ${MTCP_SOURCES}/qrencode/qrencode.h)
  message(FATAL_ERROR "MTCP_SOURCES: there is no source of libqrencode in '${MTCP_SOURCES}' (`./dev static` fetches it)")
endif()
enable_language(C)

add_library(qrencode STATIC)
foreach(part qrencode qrinput bitstream qrspec rsecc split mask mqrspec mmask)
  target_sources(qrencode PRIVATE ${MTCP_SOURCES}/qrencode/${part}.c)
endforeach()
file(STRINGS ${MTCP_SOURCES}/qrencode/CMakeLists.txt project REGEX "project\\(.* VERSION [0-9]+\\.[0-9]+\\.[0-9]+")
string(REGEX MATCH "([0-9]+)\\.([0-9]+)\\.([0-9]+)" version "${project}")
target_compile_definitions(qrencode PRIVATE STATIC_IN_RELEASE=static HAVE_STRDUP=1 VERSION="${version}"
  MAJOR_VERSION=${CMAKE_MATCH_1} MINOR_VERSION=${CMAKE_MATCH_2} MICRO_VERSION=${CMAKE_MATCH_3})
target_include_directories(qrencode SYSTEM PUBLIC ${MTCP_SOURCES}/qrencode)

# With Debian's headers and the definitions of its shared ones: what includes them is then the same in both kinds of
# programs, and ccache knows it already.
find_package(spdlog REQUIRED)
add_library(mtcp_spdlog STATIC ${MTCP_SOURCES}/fmtlib/src/format.cc ${MTCP_SOURCES}/fmtlib/src/os.cc)
foreach(part spdlog stdout_sinks color_sinks file_sinks async)
  target_sources(mtcp_spdlog PRIVATE ${MTCP_SOURCES}/spdlog/src/${part}.cpp)
endforeach()
target_compile_definitions(mtcp_spdlog
  PUBLIC $<TARGET_PROPERTY:spdlog::spdlog,INTERFACE_COMPILE_DEFINITIONS>
    $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)

foreach(library qrencode mtcp_spdlog)
  target_compile_options(${library} PRIVATE $<TARGET_PROPERTY:mtcp_flags,INTERFACE_COMPILE_OPTIONS> -w -Wno-error)
  set_target_properties(${library} PROPERTIES UNITY_BUILD OFF)
endforeach()

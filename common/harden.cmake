# Hardening, as distributions build their own packages: what gets past the checks of the source ends the process, instead
# of handing it over. Only what this compiler knows. Part of mtcp_flags: a consumer of the library keeps its own flags.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)

function(mtcp_harden_if_known variable flag)
  check_cxx_compiler_flag("-Werror ${flag}" ${variable})
  if(${variable})
    target_compile_options(mtcp_flags INTERFACE ${flag})
  endif()
endfunction()

function(mtcp_harden_linker_if_known variable flag)
  check_linker_flag(CXX ${flag} ${variable})
  if(${variable})
    target_link_options(mtcp_flags INTERFACE ${flag})
  endif()
endfunction()

# Indices and preconditions of the standard library.
target_compile_definitions(mtcp_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(MTCP_SANITIZE)
  return() # sanitizers look closer, and at memory that the rest would set to zero or check in its own way
endif()

# The stack: overwritten return addresses, a jump over the guard page.
mtcp_harden_if_known(MTCP_HAS_STACK_PROTECTOR -fstack-protector-strong)
mtcp_harden_if_known(MTCP_HAS_STACK_CLASH -fstack-clash-protection)
# What an earlier call has left there. Not in development: it would hide variables that nobody has set, and g++ 12 takes
# it for a use of them.
if(NOT MTCP_WARNINGS)
  mtcp_harden_if_known(MTCP_HAS_AUTO_INIT -ftrivial-auto-var-init=zero)
endif()
# Jumps and returns to where the program has none: on x86-64 and on arm64.
mtcp_harden_if_known(MTCP_HAS_CET -fcf-protection=full)
mtcp_harden_if_known(MTCP_HAS_BRANCH_PROTECTION -mbranch-protection=standard)

# Sizes in the C library's functions. It can count only where the compiler optimises.
if(CMAKE_CXX_FLAGS MATCHES "-O[1-3gsz]")
  set(optimised 1)
else()
  set(optimised $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
endif()
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <cstdlib>\nint main() {}" MTCP_HAS_FORTIFY_3) # an older one warns
unset(CMAKE_REQUIRED_FLAGS)
set(level $<IF:$<BOOL:${MTCP_HAS_FORTIFY_3}>,3,2>)
target_compile_options(mtcp_flags INTERFACE "$<${optimised}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${level}>")

# Addresses: a program that lies anywhere, and whose tables cannot be written once it runs.
if(NOT CMAKE_POSITION_INDEPENDENT_CODE) # which would be more than this
  mtcp_harden_if_known(MTCP_HAS_PIE_CODE -fPIE)
  if(NOT MTCP_STATIC) # which has its own (common/static.cmake)
    mtcp_harden_linker_if_known(MTCP_HAS_PIE -pie)
  endif()
endif()
mtcp_harden_linker_if_known(MTCP_HAS_RELRO -Wl,-z,relro)
mtcp_harden_linker_if_known(MTCP_HAS_BIND_NOW -Wl,-z,now)
mtcp_harden_linker_if_known(MTCP_HAS_NO_EXEC_STACK -Wl,-z,noexecstack)
mtcp_harden_linker_if_known(MTCP_HAS_AS_NEEDED -Wl,--as-needed)

# Intel's multi-buffer library, of the version in its header: the target IPSecMB::IPSecMB.
find_path(IPSecMB_INCLUDE_DIR intel-ipsec-mb.h)
find_library(IPSecMB_LIBRARY IPSec_MB)
mark_as_advanced(IPSecMB_INCLUDE_DIR IPSecMB_LIBRARY)
if(IPSecMB_INCLUDE_DIR)
  file(STRINGS ${IPSecMB_INCLUDE_DIR}/intel-ipsec-mb.h line REGEX "define IMB_VERSION_STR ")
  string(REGEX MATCH "[0-9.]+[0-9]" IPSecMB_VERSION "${line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(IPSecMB REQUIRED_VARS IPSecMB_LIBRARY IPSecMB_INCLUDE_DIR
  VERSION_VAR IPSecMB_VERSION HANDLE_VERSION_RANGE)
if(IPSecMB_FOUND AND NOT TARGET IPSecMB::IPSecMB)
  add_library(IPSecMB::IPSecMB UNKNOWN IMPORTED)
  set_target_properties(IPSecMB::IPSecMB PROPERTIES
    IMPORTED_LOCATION ${IPSecMB_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${IPSecMB_INCLUDE_DIR})
endif()

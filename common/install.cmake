# The library for other projects: find_package(mtcp) and mtcp::mtcp.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mtcp)
install(TARGETS mtcp_core mtcp_session mtcp_proxy mtcp_net EXPORT mtcp-targets
  ARCHIVE COMPONENT dev
  FILE_SET HEADERS COMPONENT dev)
install(EXPORT mtcp-targets NAMESPACE mtcp:: DESTINATION ${package_dir} COMPONENT dev)
# Before 1.0 every minor version may change the interface.
write_basic_package_version_file(mtcp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES mtcp-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/mtcp-config-version.cmake
  DESTINATION ${package_dir} COMPONENT dev)
if(MTCP_USES_IPSEC_MB)
  install(FILES FindIPSecMB.cmake DESTINATION ${package_dir} COMPONENT dev)
endif()
install(FILES PROTOCOL.md PROTOCOL-VECTORS.json DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libmtcp-dev COMPONENT dev)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libmtcp-dev COMPONENT dev)

# The reference, of these headers: `./dev docs`.
get_target_property(headers mtcp_net HEADER_SET)
list(TRANSFORM headers REPLACE "(.+)" "\"\\1\"")
list(JOIN headers " " headers)
configure_file(Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)

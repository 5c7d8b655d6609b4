# mtcp_install_program(TARGET COMPONENT): a program, and what belongs to it on a system.
include(GNUInstallDirs)

set(mtcp_completions ${CMAKE_CURRENT_LIST_DIR}/completions)
find_program(NODE node)
find_program(DPKG_QUERY dpkg-query)

function(mtcp_install_program target component)
  install(TARGETS ${target} COMPONENT ${component})
  install(FILES ${target}.service DESTINATION lib/systemd/system COMPONENT ${component})
  install(FILES ${target}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component})
  install(CODE "execute_process(COMMAND gzip -9nf
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1/${target}.1\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT ${component})
  if(NODE AND DPKG_QUERY AND NOT MTCP_SANITIZE) # what is in it, for who looks for weaknesses of its libraries
    set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}.cdx.json)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${NODE} ${PROJECT_SOURCE_DIR}/packages/sbom.mjs ${target} ${PROJECT_VERSION} $<TARGET_FILE:${target}>
        ${CMAKE_CXX_COMPILER} ${PROJECT_SOURCE_DIR}/web/package-lock.json ${list}
      BYPRODUCTS ${list} COMMENT "Listing what is in ${target}" VERBATIM)
    install(FILES ${list} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${target} COMPONENT ${component})
  endif()
  install(FILES ${component}.example.json DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${target}/examples
    RENAME ${component}.json COMPONENT ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/packages/fail2ban/mtcp.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${target}/examples
    RENAME fail2ban.conf COMPONENT ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${target}
    RENAME copyright COMPONENT ${component})
  install(FILES ${mtcp_completions}/mtcp.bash RENAME ${target}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${component})
  install(FILES ${mtcp_completions}/_mtcp RENAME _${target}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT ${component})
  install(FILES ${mtcp_completions}/mtcp.fish RENAME ${target}.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT ${component})
endfunction()

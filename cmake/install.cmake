# What is installed where; the layout is Debian's.
include(GNUInstallDirs)
set(DOC_DIR ${CMAKE_INSTALL_DATADIR}/doc/msnpgate)
set(UNIT_DIR lib/systemd/system)

install(TARGETS msnpgate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Compressed without time and name, so that they are the same every time.
find_program(GZIP gzip REQUIRED)
set(COMPRESSED)
foreach(FILE doc/man/msnpgate.1 doc/man/msnpgate.toml.5 CHANGELOG.md)
  get_filename_component(NAME ${FILE} NAME)
  string(REPLACE CHANGELOG.md changelog NAME ${NAME})
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/compressed
    COMMAND ${GZIP} -9nc ${CMAKE_SOURCE_DIR}/${FILE} > ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz
    DEPENDS ${FILE} VERBATIM)
  list(APPEND COMPRESSED ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz)
endforeach()
add_custom_target(compressed ALL DEPENDS ${COMPRESSED})
install(FILES ${CMAKE_BINARY_DIR}/compressed/msnpgate.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/compressed/msnpgate.toml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_BINARY_DIR}/compressed/changelog.gz DESTINATION ${DOC_DIR})

install(FILES LICENSE DESTINATION ${DOC_DIR} RENAME copyright)
install(FILES README.md SECURITY.md DESTINATION ${DOC_DIR})
install(FILES conf/msnpgate.toml conf/minimal.toml DESTINATION ${DOC_DIR}/examples)
install(FILES deploy/systemd/net-admin.conf deploy/systemd/transparent.conf DESTINATION ${DOC_DIR}/examples/systemd)
install(FILES conf/audit.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/msnpgate)

install(FILES deploy/completion/msnpgate.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME msnpgate)
install(FILES deploy/completion/_msnpgate DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

install(FILES deploy/systemd/msnpgate.service deploy/systemd/msnpgate.socket
              deploy/systemd/msnpgate-rules.service
        DESTINATION /${UNIT_DIR})
install(FILES deploy/debian/msnpgate.toml DESTINATION /etc/msnpgate)
install(FILES conf/allow.d/example.toml DESTINATION /etc/msnpgate/allow.d)

# What is installed where; the layout is Debian's.
include(GNUInstallDirs)
set(DOC_DIR ${CMAKE_INSTALL_DATADIR}/doc/msnpgate)
set(UNIT_DIR lib/systemd/system)

install(TARGETS msnpgate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Compressed without time and name, so that they are the same every time.
find_program(GZIP gzip REQUIRED)
set(COMPRESSED)
file(GLOB MANUAL CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/doc/man/*.[1-9])
foreach(FILE ${MANUAL} ${CMAKE_SOURCE_DIR}/CHANGELOG.md)
  get_filename_component(NAME ${FILE} NAME)
  string(REPLACE CHANGELOG.md changelog NAME ${NAME})
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/compressed
    COMMAND ${GZIP} -9nc ${FILE} > ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz
    DEPENDS ${FILE} VERBATIM)
  list(APPEND COMPRESSED ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz)
endforeach()
add_custom_target(compressed ALL DEPENDS ${COMPRESSED})
foreach(FILE ${MANUAL})
  get_filename_component(NAME ${FILE} NAME)
  string(REGEX MATCH "[1-9]$" SECTION ${NAME})
  install(FILES ${CMAKE_BINARY_DIR}/compressed/${NAME}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${SECTION})
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/compressed/changelog.gz DESTINATION ${DOC_DIR})

install(FILES LICENSE DESTINATION ${DOC_DIR} RENAME copyright)
install(FILES README.md SECURITY.md DESTINATION ${DOC_DIR})
# The bill of materials; deploy/package writes it once the program is there.
install(FILES ${CMAKE_BINARY_DIR}/msnpgate.spdx.json DESTINATION ${DOC_DIR} OPTIONAL)
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

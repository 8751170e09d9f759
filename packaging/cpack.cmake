# What is installed, and the packages made of it: muster-controller, muster-agent and muster, as deb with their debug information
# beside them, and as rpm. `packaging/build-packages` makes them from a release build.
set(CMAKE_INSTALL_PREFIX /usr)
set(units_dir /usr/lib/systemd/system)
set(packaging_dir ${CMAKE_CURRENT_LIST_DIR})
set(scripts_dir ${CMAKE_BINARY_DIR}/packaging/scripts)

# ---- which files

install(TARGETS musterd RUNTIME DESTINATION sbin COMPONENT controller)
install(TARGETS muster-agent RUNTIME DESTINATION sbin COMPONENT agent)
install(TARGETS muster RUNTIME DESTINATION bin COMPONENT cli)

install(FILES packaging/systemd/musterd.service DESTINATION ${units_dir} COMPONENT controller)
install(FILES packaging/systemd/muster-agent.service DESTINATION ${units_dir} COMPONENT agent)
install(FILES packaging/systemd/sysusers.conf DESTINATION /usr/lib/sysusers.d RENAME muster-controller.conf COMPONENT controller)
install(FILES packaging/systemd/tmpfiles.conf DESTINATION /usr/lib/tmpfiles.d RENAME muster-controller.conf COMPONENT controller)

# Of each program its own words: every key with its default.
set(settings_dir ${CMAKE_BINARY_DIR}/packaging/etc)
function(muster_settings program file component)
  add_custom_command(OUTPUT ${settings_dir}/${file}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${settings_dir}
    COMMAND ${program} --print-config > ${settings_dir}/${file}
    DEPENDS ${program}
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY MUSTER_SETTINGS ${settings_dir}/${file})
  install(FILES ${settings_dir}/${file} DESTINATION /etc/muster COMPONENT ${component})
endfunction()
muster_settings(musterd musterd.toml controller)
muster_settings(muster-agent agent.toml agent)
muster_settings(muster muster.toml cli)
# For the certificates; empty. The controller's becomes that of its group when it is installed.
install(DIRECTORY DESTINATION /etc/muster/controller COMPONENT controller
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)
install(DIRECTORY DESTINATION /etc/muster/agent COMPONENT agent DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)

install(FILES packaging/prometheus/muster.rules.yml packaging/prometheus/prometheus.yml.example
  DESTINATION share/muster/prometheus COMPONENT controller)
install(FILES packaging/grafana/muster.json DESTINATION share/muster/grafana COMPONENT controller)

# Manual pages and completions are made by the build.
set(man_dir ${CMAKE_BINARY_DIR}/packaging/man)
function(muster_install_man component)
  foreach(page ${ARGN})
    string(REGEX MATCH "[0-9]$" section ${page})
    install(FILES ${man_dir}/man${section}/${page} DESTINATION share/man/man${section} COMPONENT ${component})
  endforeach()
endfunction()
muster_install_man(controller musterd.8 musterd.toml.5)
muster_install_man(agent muster-agent.8 agent.toml.5)
muster_install_man(cli muster.toml.5)
install(DIRECTORY ${man_dir}/man1 DESTINATION share/man COMPONENT cli FILES_MATCHING PATTERN "*.1")
set(completions_dir ${CMAKE_BINARY_DIR}/packaging/completions)
foreach(guide commands content health setup)
  install(FILES packaging/docs/${guide}.md DESTINATION share/doc/muster COMPONENT cli)
endforeach()
install(FILES ${completions_dir}/muster.bash DESTINATION share/bash-completion/completions RENAME muster COMPONENT cli)
install(FILES ${completions_dir}/_muster DESTINATION share/zsh/site-functions COMPONENT cli)

# What is to be built for them.
get_property(settings GLOBAL PROPERTY MUSTER_SETTINGS)
add_custom_target(muster_packaged ALL DEPENDS musterd muster-agent muster ${settings})
if(TARGET muster_man_pages)
  add_dependencies(muster_packaged muster_man_pages)
endif()

# ---- what is done around the files: the same scripts for dpkg and rpm, which call them with other arguments

# A directory may be a mount point of the site's, which stays, empty; or a link, and what that leads to may be others', too. What cannot be removed
# is no reason to fail: dpkg would never come to an end.
set(REMOVE [[
remove() {
  for directory; do
    if [ -L "$directory" ]; then rm -f "$directory"; fi
    if [ -d "$directory" ]; then find "$directory" -xdev -mindepth 1 -delete || true; fi
    rmdir "$directory" 2>/dev/null || true
  done
}]])

# muster_scripts(COMPONENT): from PACKAGE, UNIT, PREPARE, NEXT and PURGE. dpkg says what happens and rpm how many versions stay.
function(muster_scripts component)
  set(IF_CONFIGURE "[ \"$1\" = configure ] || exit 0")
  set(IF_REMOVE "[ \"$1\" = remove ] || exit 0")
  set(IF_GONE "case $1 in remove|purge) ;; *) exit 0 ;; esac")
  set(IF_PURGE "[ \"$1\" = purge ] || exit 0\n${REMOVE}\n${PURGE}")
  foreach(script postinst prerm postrm)
    configure_file(${packaging_dir}/scripts/${script}.in ${scripts_dir}/deb/${component}/${script} @ONLY
      FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
  set(IF_CONFIGURE "")
  set(IF_REMOVE "[ \"$1\" = 0 ] || exit 0")
  set(IF_GONE "${IF_REMOVE}")
  set(IF_PURGE "")
  foreach(script postinst prerm postrm)
    configure_file(${packaging_dir}/scripts/${script}.in ${scripts_dir}/rpm/${component}/${script} @ONLY)
  endforeach()
endfunction()

# Settings, which an upgrade leaves as the site has changed them.
macro(muster_conffile component settings)
  string(TOUPPER ${component} COMPONENT)
  file(WRITE ${scripts_dir}/deb/${component}/conffiles "${settings}\n")
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_CONTROL_EXTRA ${scripts_dir}/deb/${component}/conffiles)
  set(CPACK_RPM_${COMPONENT}_USER_FILELIST "%config(noreplace) ${settings}")
endmacro()

# One of the two daemons: its scripts, and its settings.
macro(muster_daemon component settings)
  muster_scripts(${component})
  muster_conffile(${component} ${settings})
  list(APPEND CPACK_DEBIAN_${COMPONENT}_PACKAGE_CONTROL_EXTRA
    ${scripts_dir}/deb/${component}/postinst ${scripts_dir}/deb/${component}/prerm ${scripts_dir}/deb/${component}/postrm)
  set(CPACK_RPM_${COMPONENT}_POST_INSTALL_SCRIPT_FILE ${scripts_dir}/rpm/${component}/postinst)
  set(CPACK_RPM_${COMPONENT}_PRE_UNINSTALL_SCRIPT_FILE ${scripts_dir}/rpm/${component}/prerm)
  set(CPACK_RPM_${COMPONENT}_POST_UNINSTALL_SCRIPT_FILE ${scripts_dir}/rpm/${component}/postrm)
endmacro()

set(PACKAGE muster-controller)
set(UNIT musterd.service)
set(PREPARE "systemd-sysusers muster-controller.conf\nsystemd-tmpfiles --create muster-controller.conf")
set(NEXT "put its certificate into /etc/muster/controller (muster pki issue), look at /etc/muster/musterd.toml, then type:")
set(PURGE [[
remove /var/lib/muster /etc/muster/controller
for file in inventory.toml revoked web.token client-secret kubeconfig; do rm -f "/etc/muster/$file"; done
rmdir /etc/muster 2>/dev/null || true
# Nothing is its own any more. A site may have a muster of its own from before; systemd-sysusers leaves it as it is, and so do we.
if [ "$(getent passwd muster | cut -d: -f6)" = /var/lib/muster ] && [ "$(id -u muster)" -lt 1000 ]; then
  userdel muster || true
  if getent group muster >/dev/null; then groupdel muster || true; fi
fi]])
muster_daemon(controller /etc/muster/musterd.toml)

set(PACKAGE muster-agent)
set(UNIT muster-agent.service)
set(PREPARE "")
set(NEXT "put this node's certificate into /etc/muster/agent (muster pki issue), look at /etc/muster/agent.toml, then type:")
set(PURGE [[
remove /etc/muster/agent /run/muster-agent
rmdir /etc/muster 2>/dev/null || true]])
muster_daemon(agent /etc/muster/agent.toml)
muster_conffile(cli /etc/muster/muster.toml)

# ---- the packages

set(CPACK_COMPONENTS_ALL controller agent cli)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_GENERATOR DEB RPM)
set(CPACK_PACKAGE_NAME muster)
set(CPACK_PACKAGE_VENDOR Muster)
set(CPACK_PACKAGE_CONTACT "Muster maintainers <root@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
# The prefix is that of above; settings and units have absolute paths.
set(CPACK_SET_DESTDIR ON)
set(CPACK_PROJECT_CONFIG_FILE ${packaging_dir}/cpack-project.cmake)

set(controller_summary "Controller of Muster")
set(controller_description "musterd keeps jobs and follows each of their nodes to a named end. Agents on the nodes and operators come to it.")
set(agent_summary "Agent of Muster, for every node")
set(agent_description "muster-agent restarts units and unmounts projected content when the controller asks for it and the node's policy allows it.")
set(cli_summary "Command line of Muster, for operators")
set(cli_description "muster asks a controller for jobs, follows them and reports every node. It makes certificates, too.")
foreach(component controller agent cli)
  string(TOUPPER ${component} COMPONENT)
  set(CPACK_COMPONENT_${COMPONENT}_DESCRIPTION "${${component}_description}")
  set(name muster-${component})
  if(component STREQUAL cli)
    set(name muster)
  endif()
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${COMPONENT}_DESCRIPTION "${${component}_summary}\n${${component}_description}")
  set(CPACK_DEBIAN_${COMPONENT}_FILE_NAME DEB-DEFAULT)
  set(CPACK_RPM_${COMPONENT}_PACKAGE_NAME ${name})
  set(CPACK_RPM_${COMPONENT}_PACKAGE_SUMMARY "${${component}_summary}")
  set(CPACK_RPM_${COMPONENT}_PACKAGE_DESCRIPTION "${${component}_description}")
  set(CPACK_RPM_${COMPONENT}_FILE_NAME RPM-DEFAULT)
endforeach()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_DEPENDS "systemd (>= 246), passwd")
set(CPACK_DEBIAN_CONTROLLER_PACKAGE_SUGGESTS "muster, prometheus")
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "systemd (>= 246)")

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_CONTROLLER_PACKAGE_REQUIRES "systemd >= 246")
set(CPACK_RPM_PACKAGE_LICENSE "see the source")
set(CPACK_RPM_PACKAGE_GROUP "System/Management")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
  /etc /usr/sbin /usr/lib /usr/lib/systemd ${units_dir} /usr/lib/sysusers.d /usr/lib/tmpfiles.d
  /usr/share/man /usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man8
  /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/site-functions)

include(CPack)

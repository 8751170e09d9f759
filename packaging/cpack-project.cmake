# Read by cpack for each generator. dpkg's way to keep debug information is a package beside each; -D CPACK_DEBIAN_DEBUGINFO_PACKAGE=OFF
# leaves it out. rpm's has it in none.
if(CPACK_GENERATOR STREQUAL "DEB" AND NOT DEFINED CPACK_DEBIAN_DEBUGINFO_PACKAGE)
  set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
endif()
if(NOT CPACK_GENERATOR STREQUAL "DEB" OR NOT CPACK_DEBIAN_DEBUGINFO_PACKAGE)
  set(CPACK_STRIP_FILES ON)
endif()

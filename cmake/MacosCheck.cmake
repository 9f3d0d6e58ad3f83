# For scripts/check-macos, which has CMake include this file at project().
# One shared library of every object of every room. A static library may lack a symbol that nobody
# has asked for yet; here the linker has to find each of them. Made at the end of the top folder's
# CMakeLists.txt, when all rooms are known.
function(corral_macos_whole)
  get_property(targets DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL STATIC_LIBRARY AND target MATCHES "^corral_")
      list(APPEND rooms ${target})
      list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endif()
  endforeach()
  add_library(macos_whole SHARED ${objects})
  set_target_properties(macos_whole PROPERTIES LINKER_LANGUAGE CXX)
  # For what the rooms themselves link with; their own members are all there already.
  target_link_libraries(macos_whole PRIVATE ${rooms})
endfunction()

cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL corral_macos_whole)

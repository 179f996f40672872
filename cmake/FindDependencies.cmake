# Eigen and GoogleTest come from the system where they are installed, else from wheels on PyPI
# (cmeel-eigen, ros-gtest-vendor): nothing is downloaded while configuring.

# The range is needed: Eigen 5 refuses a plain "3.4".
find_package(Eigen3 3.4...<6 CONFIG QUIET)
if(NOT Eigen3_FOUND)
  # site-packages stands on CMAKE_PREFIX_PATH; cmeel installs one level below it.
  set(cmeel_prefixes ${CMAKE_PREFIX_PATH})
  list(TRANSFORM cmeel_prefixes APPEND "/cmeel.prefix")
  find_package(Eigen3 3.4...<6 CONFIG REQUIRED PATHS ${cmeel_prefixes} NO_DEFAULT_PATH)
endif()
message(STATUS "Eigen: ${Eigen3_DIR}")

function(stagefunnel_find_gtest)
  find_package(GTest CONFIG QUIET)
  if(NOT GTest_FOUND)
    find_path(gtest_vendor src/gtest-all.cc
              PATH_SUFFIXES src/gtest_vendor ../../../src/gtest_vendor
              HINTS ${CMAKE_PREFIX_PATH} REQUIRED)
    add_library(stagefunnel_gtest STATIC ${gtest_vendor}/src/gtest-all.cc ${gtest_vendor}/src/gtest_main.cc)
    target_include_directories(stagefunnel_gtest SYSTEM PUBLIC ${gtest_vendor}/include PRIVATE ${gtest_vendor})
    target_link_libraries(stagefunnel_gtest PUBLIC Threads::Threads)
    add_library(GTest::gtest_main ALIAS stagefunnel_gtest)
    message(STATUS "GoogleTest: ${gtest_vendor}")
  else()
    message(STATUS "GoogleTest: ${GTest_DIR}")
  endif()
endfunction()

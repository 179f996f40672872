#pragma once

#include "stagefunnel/base/memory.hpp"

namespace stagefunnel {

/// Lets go of the pages of a file that were read, so that they take no memory of the process. Who reads them
/// again gets them anew.
void release_pages(const MappedFile& file) noexcept;

}  // namespace stagefunnel

#include "stagefunnel/base/pages.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace stagefunnel {

void release_pages([[maybe_unused]] const MappedFile& file) noexcept {
#ifdef __linux__
    // Advice that is not taken does no harm.
    if (file.size() > 0) madvise(const_cast<std::byte*>(file.data()), file.size(), MADV_DONTNEED);
#endif
}

}  // namespace stagefunnel

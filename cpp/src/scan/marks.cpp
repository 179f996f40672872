#include "stagefunnel/scan/marks.hpp"

#include <stdexcept>
#include <string>

#include "base/counted.hpp"
#include "scan/same_items.hpp"

namespace stagefunnel::scan {
namespace {

void check_length(const char* name, std::size_t length, std::size_t wanted, const char* of) {
    if (length == 0 || length == wanted) return;
    throw std::invalid_argument(std::string(name) + " must have one value per " + of + ", got " +
                                counted(length, "value") + " for " + counted(wanted, of));
}

}  // namespace

void Marks::check(const Journeys& journeys) const {
    check_same_items(journeys, whole);
    check_length("ended", ended.size(), whole.n_rows(), "row");
    check_length("start_unknown", start_unknown.size(), whole.n_rows(), "row");
    check_length("until", until.size(), whole.n_items(), "item");
    check_length("elsewhere", elsewhere.size(), whole.n_labels, "label");
}

}  // namespace stagefunnel::scan

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/questions/funnel/chain.hpp"

namespace stagefunnel::bindings {
namespace {

funnel::OriginCounts origin(const Journeys& leads, const Pipeline& lead_pipeline, const Journeys& deals,
                            const Pipeline& deal_pipeline,
                            const std::optional<Array<std::uint8_t>>& moved_deals,
                            const Array<std::uint32_t>& lead, const Array<std::uint32_t>& deal,
                            funnel::Kind kind, funnel::LostThenWon lost_then_won,
                            const std::optional<Array<double>>& amount, unsigned threads) {
    funnel::Options options;
    options.kind = kind;
    options.lost_then_won = lost_then_won;
    options.threads = threads;
    if (amount) options.amount = as_span(*amount);
    const funnel::ChainPart lead_part{leads, lead_pipeline};
    funnel::ChainPart deal_part{deals, deal_pipeline};
    if (moved_deals) deal_part.moved = as_span(*moved_deals);
    const funnel::Links links{as_span(lead), as_span(deal)};
    const py::gil_scoped_release unlocked;
    return funnel::count_origin(lead_part, deal_part, links, options);
}

py::array_t<std::int64_t> places(const Journeys& journeys, const columns::ItemKeys& keys) {
    std::vector<std::int64_t> found;
    {
        const py::gil_scoped_release unlocked;
        found = journeys::places_of(journeys, keys);
    }
    return as_array(std::move(found));
}

}  // namespace

void bind_chain(py::module_& m) {
    py::class_<funnel::OriginCounts>(m, "OriginCounts")
        .def_readonly("deals", &funnel::OriginCounts::deals)
        .def_readonly("converted", &funnel::OriginCounts::converted);
    m.def("count_origin", &origin, "leads"_a, "lead_pipeline"_a, "deals"_a, "deal_pipeline"_a,
          "moved_deals"_a.noconvert().none(true), "lead"_a.noconvert(), "deal"_a.noconvert(), "kind"_a,
          "lost_then_won"_a, "amount"_a.noconvert().none(true), "threads"_a);
    m.def("places_of", &places, "journeys"_a, "keys"_a);
}

}  // namespace stagefunnel::bindings

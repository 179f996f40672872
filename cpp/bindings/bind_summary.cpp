#include <optional>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "stagefunnel/questions/summary.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace summary_calls {

Summary ask_all(const Journeys& journeys, const Pipeline& pipeline,
                const std::vector<std::pair<funnel::Kind, funnel::LostThenWon>>& funnels,
                const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups, durations::Per per,
                const std::vector<stats::Quantile>& quantiles, unsigned threads,
                std::optional<funnel::ItemStates> item_states) {
    std::vector<funnel::Options> counted_kinds;
    for (const auto& [kind, lost_then_won] : funnels) {
        funnel::Options& options = counted_kinds.emplace_back();
        options.kind = kind;
        options.lost_then_won = lost_then_won;
        options.n_groups = n_groups;
        if (group) options.group = as_span(*group);
    }
    const SummaryOptions options{
        .funnels = counted_kinds, .per = per, .quantiles = quantiles, .threads = threads};
    const Unlocked unlocked;
    return summarise(journeys, pipeline, options, std::move(item_states));
}

}  // namespace summary_calls

void bind_summary(py::module_& m) {
    using namespace summary_calls;
    py::class_<Summary>(m, "Summary")
        .def_readonly("funnels", &Summary::funnels)
        .def_readonly("item_states", &Summary::item_states)
        .def_readonly("times", &Summary::times)
        .def_readonly("transitions", &Summary::transitions)
        .def_readonly("log_quality", &Summary::log_quality)
        .def_readonly("pipeline_quality", &Summary::pipeline_quality);
    m.def("summarise", &ask_all, "journeys"_a, "pipeline"_a, "funnels"_a, "group"_a.noconvert(), "n_groups"_a,
          "per"_a, "quantiles"_a, "threads"_a, "item_states"_a);
}

}  // namespace stagefunnel::bindings

// The phases of the core, one by one: encoding, building the journeys, both funnels, time in stage, all in a
// summary.
//
//   stagefunnel_benchmark ITEM.npy STAGE.npy TIME.npy THREADS CALLS
//
// Columns are int64, int8 and int64 in NumPy's own format. Prints one line of JSON: for each phase the
// seconds of every call, and the items that passed each stage so that the caller can check them.

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/summary.hpp"

namespace {

using namespace stagefunnel;

constexpr std::int32_t kOpen = 8;

template <class T>
std::vector<T> read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw std::runtime_error("cannot read " + path);
    const auto size = static_cast<std::size_t>(file.tellg());
    std::array<unsigned char, 10> head{};
    file.seekg(0);
    file.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
    const std::size_t start = head.size() + head[8] + 256U * head[9];
    std::vector<T> values((size - start) / sizeof(T));
    file.seekg(static_cast<std::streamoff>(start));
    file.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(T)));
    return values;
}

template <class T>
Column column_of(const std::vector<T>& values, columns::Storage storage, std::string format) {
    columns::Chunk chunk;
    chunk.length = values.size();
    chunk.values = values.data();
    Column column;
    column.storage = storage;
    column.format = std::move(format);
    column.length = values.size();
    column.chunks.push_back(std::move(chunk));
    return column;
}

class Stopwatch {
  public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> since = now - last_;
        last_ = now;
        return since.count();
    }

  private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Phase {
    const char* name;
    std::vector<double> seconds;
};

struct Run {
    std::array<Phase, 5> phases{Phase{"encode", {}}, Phase{"build", {}}, Phase{"funnel", {}},
                                Phase{"time_in_stage", {}}, Phase{"summary", {}}};
    std::vector<std::int64_t> passed;
};

Pipeline pipeline_of(const columns::StageCodes& stages) {
    std::vector<std::int32_t> rows;
    for (const std::int64_t label : std::get<std::vector<std::int64_t>>(stages.labels)) {
        rows.push_back(static_cast<std::int32_t>(label));
    }
    return {kOpen, 1, 1, std::move(rows)};
}

void call_once(const Column& item, const Column& stage, const Column& time, unsigned threads, Run& run) {
    Stopwatch watch;
    const columns::ItemKeys keys = columns::encode_items(item);
    const columns::StageCodes codes = columns::encode_stages(stage);
    const columns::Times times = columns::encode_times(time);
    run.phases[0].seconds.push_back(watch.lap());

    const Journeys journeys = journeys::build_journeys(keys, codes, times, columns::RowOrder(), {}, threads);
    run.phases[1].seconds.push_back(watch.lap());

    const Pipeline pipeline = pipeline_of(codes);
    funnel::Options options;
    options.threads = threads;
    const funnel::Counts classic = funnel::count_funnel(journeys, pipeline, options);
    options.kind = funnel::Kind::conversions_won;
    const funnel::Counts conversions = funnel::count_funnel(journeys, pipeline, options);
    run.phases[2].seconds.push_back(watch.lap());

    const std::array median{stats::Quantile{1, 2}};
    const std::vector<durations::StageTime> lengths =
        durations::time_in_stage(journeys, pipeline, durations::Per::visit, median, threads);
    run.phases[3].seconds.push_back(watch.lap());

    constexpr std::array kQuantiles{stats::Quantile{1, 2}, stats::Quantile{1, 4}, stats::Quantile{3, 4},
                                    stats::Quantile{9, 10}};
    std::array<funnel::Options, 2> funnels;
    funnels[1].kind = funnel::Kind::conversions_won;
    const Summary all =
        summarise(journeys, pipeline, {.funnels = funnels, .quantiles = kQuantiles, .threads = threads});
    run.phases[4].seconds.push_back(watch.lap());

    if (classic.won != conversions.won || all.funnels[0].passed != classic.passed ||
        lengths.size() != static_cast<std::size_t>(pipeline.n_rows())) {
        throw std::logic_error("the questions disagree");
    }
    run.passed.assign(classic.passed.data(), classic.passed.data() + kOpen);
}

void print_list(const char* name, std::span<const double> values) {
    std::printf("\"%s\": [", name);
    for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.6f", i ? ", " : "", values[i]);
    std::printf("]");
}

void print(const Run& run) {
    std::printf("{");
    for (const Phase& phase : run.phases) {
        print_list(phase.name, phase.seconds);
        std::printf(", ");
    }
    std::printf("\"passed\": [");
    for (std::size_t i = 0; i < run.passed.size(); ++i) {
        std::printf("%s%lld", i ? ", " : "", static_cast<long long>(run.passed[i]));
    }
    std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 6) throw std::runtime_error("expected ITEM.npy STAGE.npy TIME.npy THREADS CALLS");
        const auto items = read_npy<std::int64_t>(argv[1]);
        const auto stages = read_npy<std::int8_t>(argv[2]);
        const auto times = read_npy<std::int64_t>(argv[3]);
        const auto threads = static_cast<unsigned>(std::stoul(argv[4]));
        const int calls = std::stoi(argv[5]);
        Run run;
        for (int call = 0; call < calls; ++call) {
            call_once(column_of(items, columns::Storage::int64, "l"),
                      column_of(stages, columns::Storage::int8, "c"),
                      column_of(times, columns::Storage::int64, "l"), threads, run);
        }
        print(run);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}

#include <gtest/gtest.h>

#include <array>

#include "stagefunnel/columns/column.hpp"
#include "support/columns.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

/// A producer that sends three rows in two batches, with an unnamed column and the columns `item` and
/// `stage`, and counts the arrays that are released.
class Producer {
  public:
    int schemas_released = 0, arrays_released = 0, streams_released = 0;
    int batches_before_failure = 99;

    ArrowArrayStream stream() {
        ArrowArrayStream out{};
        out.private_data = this;
        out.get_schema = [](ArrowArrayStream* from, ArrowSchema* to) {
            *to = self(from->private_data).schema();
            return 0;
        };
        out.get_next = [](ArrowArrayStream* from, ArrowArray* to) {
            return self(from->private_data).next(*to);
        };
        out.get_last_error = [](ArrowArrayStream*) { return "the disk is full"; };
        out.release = [](ArrowArrayStream* from) {
            ++self(from->private_data).streams_released;
            from->release = nullptr;
        };
        return out;
    }

    ArrowSchema schema() {
        fields_ = {items_[0]->schema, items_[0]->schema, stages_[0]->schema};
        fields_[0].name = nullptr;  // as the format allows
        fields_[1].name = "item";
        fields_[2].name = "stage";
        field_pointers_ = {&fields_[0], &fields_[1], &fields_[2]};
        ArrowSchema out{};
        out.format = "+s";
        out.n_children = 3;
        out.children = field_pointers_.data();
        out.private_data = this;
        out.release = [](ArrowSchema* schema) {
            ++self(schema->private_data).schemas_released;
            schema->release = nullptr;
        };
        return out;
    }

    /// The first batch has two rows. The second batch is cut to the last of its two rows.
    ArrowArray batch(std::size_t at) {
        child_pointers_[at] = {&items_[at]->array, &items_[at]->array, &stages_[at]->array};
        ArrowArray out{};
        out.length = at == 0 ? 2 : 1;
        out.offset = at == 0 ? 0 : 1;
        out.n_children = 3;
        out.children = child_pointers_[at].data();
        out.private_data = this;
        out.release = [](ArrowArray* array) {
            ++self(array->private_data).arrays_released;
            array->release = nullptr;
        };
        return out;
    }

  private:
    static Producer& self(void* data) { return *static_cast<Producer*>(data); }

    int next(ArrowArray& to) {
        if (sent_ == batches_before_failure) return 5;
        to = sent_ < 2 ? batch(static_cast<std::size_t>(sent_)) : ArrowArray{};
        ++sent_;
        return 0;
    }

    int sent_ = 0;
    std::array<ArrayPtr, 2> items_{numbers_array<std::int64_t>("l", {7, 8}),
                                   numbers_array<std::int64_t>("l", {0, 9})};
    std::array<ArrayPtr, 2> stages_{text_array({"New", "Won"}), text_array({"cut off", "Lost"})};
    std::array<ArrowSchema, 3> fields_{};
    std::array<ArrowSchema*, 3> field_pointers_{};
    std::array<std::array<ArrowArray*, 3>, 2> child_pointers_{};
};

TEST(ColumnsFromStream, ReadsTheNamedColumnsOfAllBatchesInTheOrderOfTheNames) {
    Producer producer;
    ArrowArrayStream stream = producer.stream();
    const std::vector<Column> columns = columns_from_stream(stream, {"stage", "item"});
    ASSERT_EQ(columns.size(), 2U);
    EXPECT_EQ(texts_in(columns[0]), (Texts{"New", "Won", "Lost"}));
    EXPECT_EQ(numbers_in(columns[1]), (Numbers{7, 8, 9}));
}

TEST(ColumnsFromStream, ReleasesTheStreamAtOnceAndTheBatchesWithTheLastColumn) {
    Producer producer;
    ArrowArrayStream stream = producer.stream();
    std::vector<Column> columns = columns_from_stream(stream, {"item", "stage"});
    EXPECT_EQ(producer.streams_released, 1);
    columns.pop_back();
    EXPECT_EQ(producer.arrays_released, 0);
    columns.pop_back();
    EXPECT_EQ(producer.arrays_released, 2);
    EXPECT_EQ(producer.schemas_released, 1);
}

TEST(ColumnsFromStream, RefusesAColumnThatDoesNotExistAndReleasesEverything) {
    Producer producer;
    ArrowArrayStream stream = producer.stream();
    EXPECT_EQ(message_of([&] { static_cast<void>(columns_from_stream(stream, {"stage", "deal"})); }),
              "no column 'deal'");
    EXPECT_EQ(producer.streams_released, 1);
    EXPECT_EQ(producer.arrays_released, 2);
    EXPECT_EQ(producer.schemas_released, 1);
}

TEST(ColumnsFromStream, ThrowsTheMessageOfAProducerThatFails) {
    Producer producer;
    producer.batches_before_failure = 1;
    ArrowArrayStream stream = producer.stream();
    EXPECT_EQ(
        message_of<std::runtime_error>([&] { static_cast<void>(columns_from_stream(stream, {"item"})); }),
        "the disk is full");
    EXPECT_EQ(producer.streams_released, 1);
    EXPECT_EQ(producer.arrays_released, 1);
}

TEST(ColumnsFromStream, NamesTheColumnWhoseTypeIsNotSupported) {
    Producer producer;
    ArrowArrayStream stream = producer.stream();
    stream.get_schema = [](ArrowArrayStream* from, ArrowSchema* to) {
        *to = static_cast<Producer*>(from->private_data)->schema();
        to->children[1]->format = "b";
        return 0;
    };
    EXPECT_EQ(message_of([&] { static_cast<void>(columns_from_stream(stream, {"item"})); }),
              "column 'item': unsupported column type: boolean");
}

TEST(ColumnsFromBatch, ReadsOneBatchAndTakesItOver) {
    Producer producer;
    ArrowSchema schema = producer.schema();
    ArrowArray batch = producer.batch(0);
    {
        const std::vector<Column> columns = columns_from_batch(schema, batch, {"item", "stage"});
        EXPECT_EQ(schema.release, nullptr);
        EXPECT_EQ(batch.release, nullptr);
        EXPECT_EQ(numbers_in(columns[0]), (Numbers{7, 8}));
        EXPECT_EQ(texts_in(columns[1]), (Texts{"New", "Won"}));
        EXPECT_EQ(producer.arrays_released, 0);
    }
    EXPECT_EQ(producer.arrays_released, 1);
    EXPECT_EQ(producer.schemas_released, 1);
}

TEST(ColumnsFromBatch, ReadsAnArrayByItselfIfThereAreNoNames) {
    const ArrayPtr array = text_array({"New", "Won"});
    ArrowSchema schema = array->schema;
    ArrowArray values = array->array;
    const std::vector<Column> columns = columns_from_batch(schema, values, {});
    ASSERT_EQ(columns.size(), 1U);
    EXPECT_EQ(texts_in(columns[0]), (Texts{"New", "Won"}));
}

TEST(TakeIntegers, ReadsRowsInAnyOrderAcrossChunks) {
    const Column column =
        read({numbers_array<std::int16_t>("s", {10, 11}), numbers_array<std::int16_t>("s", {12, 13})});
    const std::vector<std::uint32_t> rows{3, 0, 2, 2};
    EXPECT_EQ(take_integers(column, rows), (std::vector<std::int64_t>{13, 10, 12, 12}));
}

TEST(TakeIntegers, ReadsUnsignedNumbersAsTheSame64Bits) {
    const std::vector<std::uint32_t> rows{0};
    EXPECT_EQ(take_integers(numbers_column<std::uint64_t>({~std::uint64_t{0}}), rows),
              (std::vector<std::int64_t>{-1}));
}

TEST(TakeBytes, ReadsRowsThroughTheDictionaryOfTheirChunk) {
    const Column column = read({dictionary_array<std::int32_t>({0, 1}, text_array({"a", "b"})),
                                dictionary_array<std::int32_t>({0, 1}, text_array({"b", "c"}))});
    const std::vector<std::uint32_t> rows{3, 2, 0};
    EXPECT_EQ(take_bytes(column, rows), (std::vector<std::optional<std::string>>{"c", "b", "a"}));
}

TEST(TakeBytes, ReturnsNoTextForAMissingValue) {
    const std::vector<std::uint32_t> rows{1, 0};
    using Taken = std::vector<std::optional<std::string>>;
    EXPECT_EQ(take_bytes(texts_column({"", std::nullopt}), rows), (Taken{std::nullopt, ""}));
    const Column coded =
        column_with_dictionary(numbers_column<std::int8_t>({1, 0}), texts_column({std::nullopt, "b"}));
    EXPECT_EQ(take_bytes(coded, rows), (Taken{std::nullopt, "b"}));
}

TEST(TakeBytes, RefusesARowOutsideTheColumn) {
    const std::vector<std::uint32_t> rows{2};
    EXPECT_THROW(static_cast<void>(take_bytes(read({text_array({"a", "b"})}), rows)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::columns

#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace stagefunnel {

/// Counts in two dimensions, stored row by row as in NumPy.
using CountMatrix = Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// Counts in one dimension.
using CountVector = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>;
/// Sums of amounts, in the unit of the amounts.
using SumMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// Sums of amounts in one dimension.
using SumVector = Eigen::Matrix<double, Eigen::Dynamic, 1>;

}  // namespace stagefunnel

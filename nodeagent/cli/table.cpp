// Aligned columns: see table.h.
#include "nodeagent/cli/table.h"
#include "common/text.h"
#include <algorithm>

namespace podstep::cli {
namespace {

/// Columns on a terminal: bytes that do not continue a UTF-8 character.
size_t width(const std::string& cell) {
  return static_cast<size_t>(
      std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

} // namespace

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

void Table::add(std::vector<std::string> row) {
  row.resize(rows_[0].size());
  for (std::string& cell : row)
    cell = printable(cell, 300);
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

} // namespace podstep::cli

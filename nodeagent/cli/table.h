// Rows of text in aligned columns, two blanks between them, as kubectl and squeue print.
#pragma once
#include <string>
#include <vector>

namespace podstep::cli {

/// The cell of a value that may be empty: `-` stands for nothing, as in kubectl's tables.
std::string or_dash(const std::string& text);

class Table {
public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  /// A row has as many cells as the header; control characters in a cell are escaped (names come from
  /// others).
  void add(std::vector<std::string> row);
  bool empty() const { return rows_.size() < 2; }
  std::string text() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace podstep::cli
